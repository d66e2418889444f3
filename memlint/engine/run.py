"""Many files: in this process or in several, with the same outcome."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from memlint.engine.collector import collecting_between
from memlint.findings import Finding, RuleFacts
from memlint.reports.excerpt import Excerpt
from memlint.reports.model import Failure, Report, SkippedFunction
from memlint.results.result import FileResult
from memlint.source.cells import cell_of
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:  # see memlint.engine
    from memlint.engine.checker import Checker
    from memlint.rules import Rule

Seen = Callable[[FileResult], None]
"""Told of each result as it comes, in no order: for progress."""

_WORTH_PROCESSES = 32
"""Files from which a second process pays for its start."""


def run(
    checker: Checker,
    files: Sequence[str],
    *,
    jobs: int | None = None,
    failures: Iterable[Failure] = (),
    extra: Iterable[FileResult] = (),
    seen: Seen | None = None,
) -> Report:
    """Check ``files`` and put all outcomes in order.

    ``failures`` and ``extra`` (results that did not come from files) are made part of the report.
    """
    results = list(extra)
    for result in check_all(checker, files, jobs):
        if seen is not None:
            seen(result)
        results.append(result)
    return gather(results, failures, facts_of(checker.rules))


def check_all(checker: Checker, files: Sequence[str], jobs: int | None = None) -> Iterator[FileResult]:
    """The result of each file, in no order; ``jobs`` processes, or as many as are worth it."""
    return _results(checker, files, _jobs(jobs, len(files)))


def facts_of(rules: Iterable[Rule]) -> tuple[RuleFacts, ...]:
    """What reports say of rules."""
    return tuple(RuleFacts(rule.code, rule.name, rule.summary, rule.severity, rule.default) for rule in rules)


def _jobs(asked: int | None, files: int) -> int:
    if asked is not None:
        return min(asked, max(files, 1))
    if files < _WORTH_PROCESSES:
        return 1
    return min(_cores(), files)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _results(checker: Checker, files: Sequence[str], jobs: int) -> Iterator[FileResult]:
    if jobs == 1:
        return collecting_between(checker.check_file, files)
    from memlint.engine.processes import by_processes  # a run in one process need not wait for this import

    return by_processes(checker, files, jobs)


def gather(results: Iterable[FileResult], failures: Iterable[Failure], rules: tuple[RuleFacts, ...]) -> Report:
    """All outcomes as one report, the same whatever order they come in."""
    ordered = sorted(results, key=lambda result: result.path)
    findings = tuple(sorted((f for result in ordered for f in result.findings), key=_order))
    lines: dict[str, Excerpt] = {}
    for path, text in (each for result in ordered for each in result.texts):
        lines[path] = lines[path].joined(text) if path in lines else text
    told = [*failures, *(result.failure for result in ordered if result.failure is not None)]
    return Report(
        findings=findings,
        failures=tuple(sorted(told, key=lambda failure: (failure.path, failure.reason))),
        lines=lines,
        files=len(ordered),
        suppressed=sum(result.suppressed for result in ordered),
        skipped=tuple(SkippedFunction(result.path, item) for result in ordered for item in result.skipped),
        rules=rules,
    )


def _order(finding: Finding) -> tuple[object, ...]:
    """The order of output: a notebook's cells by number."""
    return (*cell_of(finding.path), *finding.sort_key[1:])
