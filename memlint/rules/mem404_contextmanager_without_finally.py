"""MEM404 contextmanager-without-finally."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from memlint.findings import Severity
from memlint.flow.analysis import Analysis
from memlint.flow.sites import SiteRecord
from memlint.rules.definitions import StructureRule, decorators, definitions, own_nodes
from memlint.rules.losses import strongest

_MANAGERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
_UNDOES = frozenset({
    "aclose", "cancel", "cleanup", "close", "deactivate", "disable", "disconnect", "kill", "leave", "pop",
    "release", "remove", "reset", "restore", "rmtree", "rollback", "shutdown", "stop", "terminate", "undo",
    "uninstall", "unlink", "unlock", "unpatch", "unregister", "wait_closed",
})  # fmt: skip
"""Methods and functions that undo; whatever else follows a ``yield`` may be meant for success only."""


class ContextManagerWithoutFinally(StructureRule):
    """A generator context manager undoes something after an unprotected ``yield``."""

    code = "MEM404"
    name = "contextmanager-without-finally"
    summary = "A context manager's clean-up is skipped when its block raises."
    severity = Severity.WARNING
    trigger = re.compile(rb"contextmanager\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding an unprotected ``yield`` that is followed by clean-up."""
        found = definitions(analysis.source)
        spoken = {report.unit.node for report in analysis.units if _leaks_on_error(report.records)}
        for function in found.functions:
            if function.node in spoken or not any(n in _MANAGERS for n, _ in decorators(function.node, found.names)):
                continue
            for place, rest in _yields(function.node.body, ()):
                before = [node for node in own_nodes(function.node) if getattr(node, "lineno", 0) < place.lineno]
                undo = next(filter(None, (_undo(statement, before) for statement in rest)), None)
                if undo is not None:
                    message = f"`yield` is in no try: line {undo.lineno} is skipped if the block raises"
                    yield function.symbol, place, message


def _leaks_on_error(records: Sequence[SiteRecord]) -> bool:
    return any((said := strongest(record)) is not None and said[0] == "MEM301" for record in records)


def _yields(body: list[ast.stmt], after: tuple[ast.stmt, ...]) -> Iterator[tuple[ast.expr, tuple[ast.stmt, ...]]]:
    """Each ``yield`` that no ``try`` protects, with the statements that run after it when nothing raises."""
    for place, statement in enumerate(body):
        rest = (*body[place + 1 :], *after)
        match statement:
            case ast.Expr(value=value) | ast.Assign(value=value):
                inner = value.value if isinstance(value, ast.Await) else value
                if isinstance(inner, ast.Yield):
                    yield inner, rest
            case ast.With(body=inner_body) | ast.AsyncWith(body=inner_body):
                yield from _yields(inner_body, rest)
            case ast.If(body=inner_body, orelse=orelse):
                yield from _yields(inner_body, rest)
                yield from _yields(orelse, rest)


def _undo(statement: ast.stmt, before: list[ast.AST]) -> ast.stmt | None:
    """``statement``, when it undoes: a call that releases, or a value that is put back."""
    if isinstance(statement, (ast.If, ast.With, ast.For)):
        return next(filter(None, (_undo(each, before) for each in statement.body)), None)
    match statement:
        case ast.Expr(value=value):
            call = value.value if isinstance(value, ast.Await) else value
            if isinstance(call, ast.Call):
                name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                return statement if name in _UNDOES else None
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target], value=ast.Name(id=saved)):
            text = ast.unparse(target)
            stored = any(_stores(node, text) for node in before)
            kept = any(isinstance(n, ast.Name) and n.id == saved and isinstance(n.ctx, ast.Store) for n in before)
            return statement if stored and kept else None
        case ast.Delete(targets=[ast.Attribute() | ast.Subscript() as target]):
            return statement if any(_stores(node, ast.unparse(target)) for node in before) else None
    return None


def _stores(node: ast.AST, text: str) -> bool:
    return (
        isinstance(node, (ast.Attribute, ast.Subscript))
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node) == text
    )
