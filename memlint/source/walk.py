"""Walking syntax: what ``ast.walk`` does, without the operators and contexts that nobody asks about, and faster."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

_NO_NODES = frozenset({
    "arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "lineno", "module",
    "op", "ops", "rest", "simple", "tag", "type_comment", "type_ignores",
})  # fmt: skip
"""Fields that hold no node, or one that says nothing by itself."""
_LEAVES = (ast.Constant, ast.MatchSingleton, ast.Global, ast.Nonlocal, ast.alias, ast.expr_context, ast.operator)
_NAMED_BY_NODE = ("TypeAlias",)
"""The statements whose ``name`` is a node."""


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    if issubclass(kind, _LEAVES):
        return ()
    named = kind.__name__ in _NAMED_BY_NODE
    return tuple(name for name in kind._fields if name not in _NO_NODES and (name != "name" or named))


FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: _fields(kind) for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)
}
"""The fields of each kind of node that hold nodes, in the order of the grammar."""
_DEFINITIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})
_STATEMENTS = ("body", "handlers", "cases", "orelse", "finalbody")
_INSIDE: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(name for name in reversed(_STATEMENTS) if name in kind._fields)
    for kind in FIELDS
    if issubclass(kind, (ast.stmt, ast.ExceptHandler, ast.match_case, ast.Module))
}
"""Where statements stand inside each kind of node that has any, last first."""


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below a node, in the order of the grammar."""
    found: list[ast.AST] = []
    for name in FIELDS[node.__class__]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [each for each in value if each is not None]
        elif value is not None:
            found.append(value)
    return found


def walk(*roots: ast.AST) -> Iterator[ast.AST]:
    """Every node at or below ``roots``, in no order."""
    pending: list[ast.AST | None] = [*roots]
    pop, fields = pending.pop, FIELDS
    while pending:
        node = pop()
        if node is None:
            continue  # ``{**a}`` has no key
        yield node
        for name in fields[node.__class__]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                pending += value
            elif value is not None:
                pending.append(value)


def statements(body: Sequence[ast.AST], *, nested: bool = True) -> Iterator[ast.AST]:
    """Every statement, handler and case at or below ``body`` in source order; ``nested`` is inside definitions too."""
    pending: list[ast.AST] = [*reversed(body)]
    while pending:
        node = pending.pop()
        yield node
        if not nested and node.__class__ in _DEFINITIONS:
            continue
        for name in _INSIDE.get(node.__class__, ()):
            pending += getattr(node, name)[::-1]
