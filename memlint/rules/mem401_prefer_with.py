"""MEM401 prefer-with."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from memlint.catalogue.model import Context
from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis, UnitReport
from memlint.flow.sites import Fate, SiteRecord
from memlint.rules.losses import finding, subject
from memlint.rules.rule import Default


class PreferWith:
    """Reads the sites whose resource is released by hand on every path."""

    code: ClassVar[str] = "MEM401"
    name: ClassVar[str] = "prefer-with"
    summary: ClassVar[str] = "A resource is released correctly by hand where a block would do it."
    severity: ClassVar[Severity] = Severity.NOTE
    default: ClassVar[Default] = Default.OFF

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding a site."""
        for report in analysis.units:
            for record in report.records:
                if set(record.outcomes) != {Fate.RELEASED}:
                    continue
                word = _word(report, record)
                if word is not None:
                    message = f"{subject(record)} is released by hand, where `{word}` would do it"
                    outcome = record.outcomes[Fate.RELEASED]
                    yield finding(analysis, report, record, outcome, self.code, message, self.severity)


def _word(report: UnitReport, record: SiteRecord) -> str | None:
    """``with`` or ``async with``; None when no block has the lifetime of the resource."""
    kind, released = record.site.kind, record.outcomes[Fate.RELEASED].node
    if isinstance(released, ast.Await):
        released = released.value
    by_hand = (
        isinstance(released, ast.Call)
        and isinstance(released.func, ast.Attribute)
        and released.func.attr in kind.release
        and record.subject is not None
    )
    if not by_hand or not _same_depth(report.unit.node, record.site.node, released):
        return None
    if kind.context is Context.RELEASES:
        return "with"
    return "async with" if kind.async_context is Context.RELEASES else None


def _same_depth(function: ast.AST, acquired: ast.AST, released: ast.AST) -> bool:
    """Whether both stand in one block, the release perhaps in the ``finally`` of a ``try`` there."""
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            start = next((i for i, s in enumerate(block) if _holds(s, acquired) and not _compound(s)), None)
            if start is None:
                continue
            if not _plain_binding(block[start], acquired):
                return False
            for statement in block[start + 1 :]:
                if _holds(statement, released):
                    return not _compound(statement) or _in_finally(statement, released)
            return False
    return False


def _holds(statement: ast.stmt, node: ast.AST) -> bool:
    return any(child is node for child in ast.walk(statement))


def _compound(statement: ast.stmt) -> bool:
    return hasattr(statement, "body")


def _in_finally(statement: ast.stmt, node: ast.AST) -> bool:
    return isinstance(statement, ast.Try) and any(
        _holds(each, node) and not _compound(each) for each in statement.finalbody
    )


def _plain_binding(statement: ast.stmt, acquired: ast.AST) -> bool:
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Await):
        value = value.value
    return value is acquired
