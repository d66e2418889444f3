"""MEM104 use-after-release."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis, UnitReport
from memlint.flow.sites import Fate, Misuse, SiteRecord, Use
from memlint.rules.expected import expected_to_fail
from memlint.rules.losses import finding_at, line_of, subject
from memlint.rules.rule import Default


class UseAfterRelease:
    """Reads what is done to a resource once every path has released it."""

    code: ClassVar[str] = "MEM104"
    name: ClassVar[str] = "use-after-release"
    summary: ClassVar[str] = "A resource is used, returned or stored when it has been released."
    severity: ClassVar[Severity] = Severity.ERROR
    default: ClassVar[Default] = Default.ON

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding a resource: the first use."""
        for report in analysis.units:
            if isinstance(report.unit.node, ast.Module):
                continue  # of a module only some statements are followed
            for record in report.records:
                found = next(iter(_late(report, record)), None)
                if found is not None:
                    message = _message(analysis, record, found)
                    yield finding_at(analysis, report, found.node, self.code, message, self.severity, record)


def _late(report: UnitReport, record: SiteRecord) -> list[Use]:
    """The uses that come too late on every path, in the order of the text."""
    function, released = report.unit.node, record.outcomes.get(Fate.RELEASED)
    found = [
        use
        for use in record.uses.values()
        if use.late
        and use.misuse in (Misuse.USED, Misuse.RETURNED, Misuse.STORED)
        and not (use.misuse is Misuse.STORED and _in_use(function, use.node))
        and not expected_to_fail(function, use.node)
    ]
    if found and released is not None and expected_to_fail(function, released.node):
        return []  # what was tried there may not have released it
    return sorted(found, key=lambda use: getattr(use.node, "lineno", 0))


def _message(analysis: Analysis, record: SiteRecord, use: Use) -> str:
    released = record.outcomes.get(Fate.RELEASED)
    line = "" if released is None else f" at line {line_of(analysis.source, released.node)}"
    if use.misuse is Misuse.USED:
        return f"{subject(record)} is used here, and was released{line} on every path that comes here"
    verb = "returned" if use.misuse is Misuse.RETURNED else "stored"
    return f"{subject(record)} is {verb} here, and released before anyone can use it"


def _in_use(function: ast.AST, store: ast.AST) -> bool:
    """Whether the block goes on working after the store, so that the field may be meant for that work alone."""
    for node in ast.walk(function):
        if not isinstance(node, (ast.With, ast.AsyncWith)):
            continue
        for index, statement in enumerate(node.body):
            if isinstance(statement, ast.Assign) and any(target is store for target in statement.targets):
                rest = [each for after in node.body[index + 1 :] for each in ast.walk(after)]
                return any(isinstance(each, (ast.Call, ast.Await, ast.Yield, ast.YieldFrom)) for each in rest)
    return True
