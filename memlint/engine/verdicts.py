"""Why a line was, or was not, reported."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from memlint.catalogue.find import find
from memlint.engine.checker import Checker
from memlint.findings import Finding
from memlint.flow.analysis import Analysis
from memlint.flow.sites import Fate, Outcome, SiteRecord
from memlint.source.decode import Unreadable, decode, parse
from memlint.source.modules import module_name
from memlint.source.names import ModuleNames, module_names
from memlint.source.suppressions import read_suppressions
from memlint.source.text import Source

_WORDS = {
    Fate.UNRELEASED: "is still owed where the function ends",
    Fate.DISCARDED: "is dropped without a name",
    Fate.REPLACED: "loses its last name",
    Fate.RAISED: "is still owed where an exception leaves the function",
    Fate.RELEASED: "is released",
    Fate.TRANSFERRED: "goes to another owner",
}

_GOOD = {Fate.RELEASED, Fate.TRANSFERRED}


def explain_line(checker: Checker, data: bytes, path: str, line: int) -> Iterator[str]:
    """Everything that is believed of a line, in sentences."""
    try:
        source = parse(decode(data), path)
        analysis = checker.analyse(source)
    except Unreadable as error:
        yield f"{path}:{error.line}: MEM000 {error.reason}, so nothing is known of line {line}"
        return
    text = source.lines[line - 1].strip() if line <= len(source.lines) else ""
    yield f"{path}:{line}: {text}".rstrip()
    said = [*_sites(analysis, line), *_findings(checker, analysis, line)]
    yield from said or _nothing(checker, analysis, line)


def _sites(analysis: Analysis, line: int) -> Iterator[str]:
    """What is acquired on the line, and what becomes of it."""
    for report in analysis.units:
        for record in report.records:
            span = analysis.source.span(record.site.node)
            if span.line <= line <= span.end_line:
                yield f"`{record.site.text}` acquires {record.site.kind.label} in `{report.unit.symbol}`"
                yield from (_outcome(record, outcome) for outcome in record.outcomes.values())
                if record.outcomes.keys() <= _GOOD:
                    yield "  it is not reported, because no path that was followed loses it"


def _outcome(record: SiteRecord, outcome: Outcome) -> str:
    node = outcome.node if hasattr(outcome.node, "lineno") else record.site.node
    ends = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    place = getattr(node, "end_lineno" if ends else "lineno", 0)
    detail = f" ({outcome.text})" if outcome.text else ""
    return f"  on some path it {_WORDS.get(outcome.fate, outcome.fate.value)} at line {place}{detail}"


def _findings(checker: Checker, analysis: Analysis, line: int) -> Iterator[str]:
    """What the rules say of the line, whether or not the user sees it."""
    comments = read_suppressions(analysis.source.lines)
    active = {rule.code for rule in checker.rules}
    for rule in checker.known:
        for finding in rule.check(analysis):
            if not _speaks_of(finding, line):
                continue
            silent = comments.silencing(finding)
            yield f"{finding.code} {finding.message} (line {finding.span.line})"
            if rule.code not in active:
                yield f"  it is not shown, because the rule is not selected (its default: {rule.default.value})"
            elif checker.ignores(rule.code, finding.path):
                yield "  it is not shown, because `per-file-ignores` names the file"
            elif finding.preview and not checker.settings.preview:
                yield "  it is not shown, because findings about this kind of resource are previews"
            elif silent is not None:
                yield f"  it is not shown, because of the comment at line {silent.span.line}"
            else:
                yield "  it is reported"


def _speaks_of(finding: Finding, line: int) -> bool:
    places = [finding.span, *(step.span for step in finding.witness if step.path in (None, finding.path))]
    return any(place.line == line for place in places)


def _nothing(checker: Checker, analysis: Analysis, line: int) -> Iterator[str]:
    """Why nothing is known to be acquired on the line."""
    for skipped in analysis.skipped:
        yield f"`{skipped.symbol}` (line {skipped.line}) was not judged whole: {skipped.reason}"
    names = module_names(analysis.source.tree, module_name(analysis.source.path), is_package=False)
    calls = sorted({_name(names, node.func) for node in _calls(analysis.source, line)})
    if not calls:
        yield "nothing is called here, so nothing is acquired, and no finding passes through this line"
    for call in calls:
        known = find(checker.catalogue, call)
        yield f"`{call}` is not seen to acquire anything here; the catalogue says of it:"
        yield from (f"  {words}".rstrip() for words in known)


def _name(names: ModuleNames, function: ast.expr) -> str:
    """What a called function is known as, else how it is written."""
    qualified = names.qualified(function)
    return qualified[0] if qualified else ast.unparse(function)


def _calls(source: Source, line: int) -> Iterator[ast.Call]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and source.span(node).line == line:
            yield node
