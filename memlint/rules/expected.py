"""Where a failure is expected: what fails there on purpose is no mistake."""

from __future__ import annotations

import ast

_EXPECTING = frozenset({"assertRaises", "assertRaisesRegex", "assertWarns", "raises", "suppress"})
"""Last words of what a block enters that expects, or swallows, an exception."""


def expected_to_fail(function: ast.AST, node: ast.AST) -> bool:
    """Whether ``node`` stands in a block that expects an exception, or alone in a ``try`` with a handler."""
    for each in ast.walk(function):
        match each:
            case ast.With(items=items) | ast.AsyncWith(items=items):
                guards = any(_word(item.context_expr) in _EXPECTING for item in items)
            case ast.Try(body=[_], handlers=[_, *_]):
                guards = True
            case _:
                continue
        if guards and any(child is node for statement in each.body for child in ast.walk(statement)):
            return True
    return False


def _word(entered: ast.expr) -> str:
    called = entered.func if isinstance(entered, ast.Call) else entered
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
