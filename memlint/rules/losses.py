"""From an acquisition site's fates to at most one finding: the strongest loss speaks."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from typing import ClassVar

from memlint.catalogue.model import Category, Context, Kind
from memlint.findings import Finding, Severity, Span, Step, StepKind
from memlint.flow.analysis import Analysis, UnitReport
from memlint.flow.sites import ExitKind, Fate, Outcome, SiteRecord
from memlint.rules.carried import carried_out
from memlint.rules.children import left_to_others, parameters
from memlint.rules.counterparts import released_by_others
from memlint.rules.exhaustive import leaves_nothing_over
from memlint.rules.rule import Default
from memlint.source.text import Source
from memlint.source.walk import children

CATEGORY_CODES = {
    Category.TASK: "MEM106",
    Category.PROCESS: "MEM107",
    Category.WORKER: "MEM108",
    Category.TEMPORARY: "MEM109",
    Category.LOCK: "MEM110",
    Category.LEASE: "MEM111",
    Category.GENERATOR: "MEM114",
}
"""Who speaks about a normal-path loss of a kind that is not a plain handle."""

_HANDLE_CODES = {Fate.UNRELEASED: "MEM101", Fate.DISCARDED: "MEM102", Fate.REPLACED: "MEM103"}
_NORMAL = (Fate.DISCARDED, Fate.REPLACED, Fate.UNRELEASED)


def losses(analysis: Analysis, code: str) -> Iterator[tuple[UnitReport, SiteRecord, Outcome]]:
    """The sites of a file whose strongest loss belongs to ``code``."""
    for report in analysis.units:
        for record in report.records:
            spoken = strongest(record)
            if spoken is not None and spoken[0] == code and _counts(analysis, report, record, spoken[1]):
                yield report, record, spoken[1]


def strongest(record: SiteRecord) -> tuple[str, Outcome] | None:
    """The code and outcome that speak for a site, if anything was lost there."""
    category = record.site.kind.category
    for fate in _NORMAL:
        outcome = record.outcomes.get(fate)
        if outcome is not None and record.kept_by_block is not None:
            return "MEM405", outcome
        if outcome is not None:
            return CATEGORY_CODES.get(category) or _HANDLE_CODES[fate], outcome
    raised = record.outcomes.get(Fate.RAISED)
    if raised is None or raised.light or _ends_by_itself(record.site.kind):
        return None
    if not record.outcomes.keys() & {Fate.RELEASED, Fate.TRANSFERRED}:
        return None  # no path that returns: it is meant to last until the program ends
    return "MEM301", raised


def _counts(analysis: Analysis, report: UnitReport, record: SiteRecord, outcome: Outcome) -> bool:
    """Whether a loss is one that a reviewer would call a leak.

    One thread may end by itself; threads that a loop starts pile up.  A lock that this function never releases
    may have a counterpart that does (``acquire`` and ``release``, ``__enter__`` and ``__exit__``).
    """
    kind = record.site.kind
    if kind.wanted and not (outcome.fate is Fate.RAISED and record.released_normally):
        return False
    if kind.category is Category.LOCK and "acquire" in getattr(report.unit.node, "name", ""):
        return False  # it has a counterpart that releases
    returning = kind.category is Category.LOCK and outcome.fate is not Fate.RAISED
    if returning and released_by_others(analysis.source.tree, report.unit.node, record.subject):
        return False
    lost = Fate.UNRELEASED in record.outcomes and Fate.RELEASED in record.outcomes
    if lost and carried_out(report.unit.node, record, outcome):
        return False
    if lost and leaves_nothing_over(report.unit.node, analysis.source.tree, record):
        return False
    if set(record.outcomes) == {Fate.DISCARDED} and kind.release_by == ("os.close",):
        return not _rearranges_descriptors(report.unit.node)
    statement = _statements(report.unit.node).get(record.site.node)
    if kind.category is Category.PROCESS and left_to_others(report.unit.node, statement, record.subject):
        return False
    if kind.category is Category.LOCK and not record.released_normally:
        owner, dot, _ = (record.subject or "").partition(".")
        if dot and owner not in ("self", "cls") and owner in parameters(report.unit.node):
            return False  # a lock inside something that was handed in is that thing's affair
        if kind.name.endswith("semaphore") and owner in parameters(report.unit.node) and _in_loop(report, record):
            return False  # each turn takes a place, so somebody gives them back: the other side that has it, too
        word = (record.subject or "").rpartition(".")[2]
        return f"{word}.release(" not in analysis.source.text
    if kind.category is not Category.WORKER or kind.context is not Context.NONE:
        return True
    return _in_loop(report, record)


def _in_loop(report: UnitReport, record: SiteRecord) -> bool:
    """Whether a loop of the function acquires anew in each turn."""
    loops = (ast.For, ast.AsyncFor, ast.While, ast.comprehension)
    return any(
        isinstance(loop, loops) and any(child is record.site.node for child in ast.walk(loop))
        for loop in ast.walk(report.unit.node)
    )


def _rearranges_descriptors(function: ast.AST) -> bool:
    """A daemon closes its standard descriptors and opens others that take their numbers: nobody names those."""
    return any(isinstance(each, ast.Attribute) and each.attr in ("dup2", "setsid") for each in ast.walk(function))


def _ends_by_itself(kind: Kind) -> bool:
    """Tasks, threads and workers that can only be joined end with their work; to drop one leaves nothing for ever."""
    if kind.category is Category.PROCESS:
        return kind.release == ("join",)
    return kind.category is Category.TASK or (kind.category is Category.WORKER and kind.context is Context.NONE)


def subject(record: SiteRecord) -> str:
    """How messages name the resource: its variable, else the call."""
    return f"`{record.subject or record.site.text}`"


class LossRule:
    """A rule that reads the sites whose strongest loss is its own."""

    code: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    default: ClassVar[Default] = Default.ON

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """One line: the subject first, then the edge on which it is lost."""
        raise NotImplementedError

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding a site."""
        for report, record, outcome in losses(analysis, self.code):
            message = self.message(analysis.source, record, outcome)
            yield finding(analysis, report, record, outcome, self.code, message, self.severity)


def edge(source: Source, record: SiteRecord, outcome: Outcome) -> str:
    """How a normal path loses the resource, as the end of a sentence."""
    line = line_of(source, outcome.node)
    if outcome.fate is Fate.REPLACED:
        return f"before line {line} drops its last name"
    if not record.outcomes.keys() & {Fate.RELEASED, Fate.TRANSFERRED}:
        return "on any path"
    if isinstance(outcome.node, ast.Return):
        return f"on the path that returns at line {line}"
    return "on every path"


def finding(
    analysis: Analysis, report: UnitReport, record: SiteRecord, outcome: Outcome, code: str, message: str,
    severity: Severity,
) -> Finding:  # fmt: skip
    """A finding at the acquiring expression, with the path as its witness."""
    source = analysis.source
    return Finding(
        code=code,
        path=source.path,
        span=source.span(record.site.node),
        message=message,
        severity=severity,
        symbol=report.unit.symbol,
        witness=witness(source, record, outcome),
        statement=statement_of(source, report.unit.node, record),
        preview=(record.site.kind.preview and not _removed_by_its_maker(record, outcome))
        or outcome.exit is ExitKind.CANCEL,
    )


def _removed_by_its_maker(record: SiteRecord, outcome: Outcome) -> bool:
    """A folder that its function removes when all goes well: nobody else is meant to do it when something raises."""
    kind = record.site.kind
    made = kind.category is Category.TEMPORARY and not kind.wanted
    return made and outcome.fate is Fate.RAISED and record.released_normally


def finding_at(
    analysis: Analysis, report: UnitReport, node: ast.AST, code: str, message: str, severity: Severity,
    record: SiteRecord,
) -> Finding:  # fmt: skip
    """A finding at what is done to a resource, with its acquisition as the first step of the witness."""
    source = analysis.source
    released = record.outcomes.get(Fate.RELEASED)
    steps = [Step(StepKind.ACQUIRE, source.span(_head(record.site.node)), "acquired here")]
    if released is not None:
        steps.append(Step(StepKind.TAKE, source.span(_head(released.node)), released.text))
    if node is not record.site.node:
        steps.append(Step(StepKind.LOSE, source.span(_head(node)), "too late here"))
    return Finding(
        code=code,
        path=source.path,
        span=source.span(_head(node)),
        message=message,
        severity=severity,
        symbol=report.unit.symbol,
        witness=tuple(steps),
        preview=record.site.kind.preview,
    )


def witness(source: Source, record: SiteRecord, outcome: Outcome) -> tuple[Step, ...]:
    """The steps of the path from this site's acquisition on."""
    if outcome.trail is None:
        return ()
    marks = outcome.trail.marks()
    start = next(
        (
            i
            for i, mark in reversed(list(enumerate(marks)))
            if mark.kind is StepKind.ACQUIRE and mark.node is record.site.node
        ),
        0,
    )
    kept = [m for i, m in enumerate(marks[start:]) if i == 0 or m.kind is not StepKind.ACQUIRE]
    steps = tuple(Step(mark.kind, source.span(_head(mark.node)), mark.text) for mark in kept)
    if record.site.origin is None:
        return steps
    path, span = record.site.origin
    first = Step(StepKind.ACQUIRE, span, "comes from here", None if path == source.path else path)
    return (first, *steps)


def _head(node: ast.AST) -> ast.AST:
    """What to show of a compound statement: not its body."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.body[-1]
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        return node.type
    return node


def line_of(source: Source, node: ast.AST) -> int:
    """The line that a message names."""
    return source.span(node).line


def exit_clause(source: Source, outcome: Outcome) -> str:
    """The exceptional edge, for messages: ``line 14 raises``."""
    assert outcome.raiser is not None
    line = line_of(source, outcome.raiser)
    kind = outcome.exit or ExitKind.RAISE
    return f"line {line} {kind.value}"


def statement_of(source: Source, unit: ast.AST, record: SiteRecord) -> Span | None:
    """The simple statement that holds a site."""
    statement = _statements(unit).get(record.site.node)
    return None if statement is None else source.span(statement)


@functools.lru_cache(maxsize=4)
def _statements(unit: ast.AST) -> dict[ast.AST, ast.stmt]:
    """Each node of a unit with the simple statement around it; the last few units are kept, for the next finding."""
    found: dict[ast.AST, ast.stmt] = {}
    waiting: list[tuple[ast.AST, ast.stmt | None]] = [(unit, None)]
    while waiting:
        node, statement = waiting.pop()
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            statement = node
        if statement is not None:
            found[node] = statement
        waiting.extend((child, statement) for child in children(node))
    return found
