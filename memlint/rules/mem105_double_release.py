"""MEM105 double-release."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from memlint.catalogue.model import Category
from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis
from memlint.flow.sites import Fate, Misuse, SiteRecord, Use
from memlint.rules.expected import expected_to_fail
from memlint.rules.losses import finding_at, line_of, subject
from memlint.rules.rule import Default


class DoubleRelease:
    """Reads the releases that come when every path has released the resource already."""

    code: ClassVar[str] = "MEM105"
    name: ClassVar[str] = "double-release"
    summary: ClassVar[str] = "A resource is released twice, and the second time is an error or hits somebody else's."
    severity: ClassVar[Severity] = Severity.ERROR
    default: ClassVar[Default] = Default.ON

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding a second release."""
        for report in analysis.units:
            if isinstance(report.unit.node, ast.Module):
                continue  # of a module only some statements are followed
            again = Counter(record.subject for record in report.records)
            for record in report.records:
                if record.subject is not None and again[record.subject] > 1:
                    continue  # acquired twice, so that two releases may be right
                use = next((use for use in record.uses.values() if _wrong(report.unit.node, record, use)), None)
                if use is not None:
                    message = _message(analysis, record)
                    yield finding_at(analysis, report, use.node, self.code, message, self.severity, record)


def _wrong(function: ast.AST, record: SiteRecord, use: Use) -> bool:
    if use.misuse is not Misuse.RELEASED_AGAIN or not use.late:
        return False
    if record.site.kind.category is Category.LOCK and not _cleans_up(function, use.node):
        return False
    return not expected_to_fail(function, use.node) and not _asks_first(function, use.node)


def _message(analysis: Analysis, record: SiteRecord) -> str:
    released = record.outcomes.get(Fate.RELEASED)
    line = "" if released is None else f", after line {line_of(analysis.source, released.node)}"
    if record.site.kind.release_by == ("os.close",):
        return f"{subject(record)} is closed again{line}: its number is free for others by now"
    return f"{subject(record)} is released again{line}: the second time is an error"


def _asks_first(function: ast.AST, release: ast.AST) -> bool:
    """Whether the second release stands below a test that calls something: ``if lock.locked()``."""
    return any(
        isinstance(node, ast.If)
        and any(isinstance(each, ast.Call) for each in ast.walk(node.test))
        and any(each is release for statement in node.body for each in ast.walk(statement))
        for node in ast.walk(function)
    )


def _cleans_up(function: ast.AST, release: ast.AST) -> bool:
    """Whether it stands in a ``finally`` or a handler: elsewhere a lock may have been acquired again by somebody."""
    return any(
        each is release
        for node in ast.walk(function)
        if isinstance(node, ast.Try)
        for part in (node.finalbody, *(handler.body for handler in node.handlers))
        for statement in part
        for each in ast.walk(statement)
    )
