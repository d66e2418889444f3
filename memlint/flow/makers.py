"""What makes the fields of a class."""

from __future__ import annotations

import ast

from memlint.source.walk import statements


def field_makers(node: ast.ClassDef) -> dict[str, ast.expr]:
    """The callee whose result a field is, for fields that one call sets, and nothing else but None does."""
    makers: dict[str, list[ast.expr | None]] = {}
    for each in statements(node.body):
        match each:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=name), value=ast.expr() as value):
                pass
            case _:
                continue
        if not (isinstance(value, ast.Constant) and value.value is None):
            makers.setdefault(name, []).append(value.func if isinstance(value, ast.Call) else None)
    return {name: found[0] for name, found in makers.items() if len(found) == 1 and found[0] is not None}
