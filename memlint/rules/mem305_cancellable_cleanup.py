"""MEM305 cancellable-cleanup."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import StructureRule, definitions, own_nodes

_RELEASES = frozenset({
    "aclose", "cancel", "close", "disconnect", "kill", "logout", "quit", "release", "shutdown", "stop", "terminate",
    "unlink",
})  # fmt: skip


class CancellableCleanup(StructureRule):
    """An await in ``finally`` stands in front of a release."""

    code = "MEM305"
    name = "cancellable-cleanup"
    summary = "An await in finally may be cancelled, and the release behind it never runs."
    trigger = re.compile(rb"\bfinally\b[\s\S]*?\bawait\b|\b__aexit__\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a clean-up, at its first unshielded ``await`` that has a release behind it."""
        for function in definitions(analysis.source).functions:
            if not isinstance(function.node, ast.AsyncFunctionDef):
                continue
            bodies = [node.finalbody for node in own_nodes(function.node) if isinstance(node, ast.Try)]
            if function.owner is not None and function.node.name == "__aexit__":
                bodies.append(function.node.body)
            for body in bodies:
                for place, statement in enumerate(body):
                    behind = next(filter(None, map(_release, body[place + 1 :])), None)
                    waits = _awaits(statement)
                    if waits is not None and behind is not None:
                        called = ast.unparse(waits.value)
                        message = f"`{called}` keeps line {behind.lineno} from running if it is cancelled"
                        yield function.symbol, waits, message
                        break


def _awaits(statement: ast.stmt) -> ast.Await | None:
    """The ``await`` of a plain statement, unless a shield protects it."""
    if not isinstance(statement, (ast.Expr, ast.Assign)) or not isinstance(statement.value, ast.Await):
        return None
    for node in ast.walk(statement.value):
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if "shield" in name:
                return None
    return statement.value


def _release(statement: ast.stmt) -> ast.stmt | None:
    """``statement``, when it releases something."""
    if isinstance(statement, ast.If) and not statement.orelse:
        return next(filter(None, map(_release, statement.body)), None)
    if not isinstance(statement, ast.Expr):
        return None
    call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    match call:
        case ast.Call(func=ast.Attribute(attr=method)) if method in _RELEASES:
            return statement
    return None
