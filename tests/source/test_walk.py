"""The walk sees every node but operators and contexts, in any program."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from memlint.source.walk import children, statements, walk

PROGRAM = '''
import a.b as c
from d import e
async def f(x: int, *y, z=1, **w) -> None:
    async with g() as h, i:
        [j async for j in k if l]
    match m:
        case {"n": 1, **o} | [p, *q] | R(s=t) | None as u if v:
            return
    lambda: {**a, 1: b, "x": f"{c!r:>{d}}"}
class A(B, metaclass=C):
    """Text."""
    @d
    def e(self): yield from (x := y)[1:2, ...]
try:
    del a, b[0]
except* (E, F) as g:
    raise G from h
else:
    assert i, j
finally:
    global k
while a < b <= c:
    d += -e @ f if g else not h
'''
SAID_ELSEWHERE = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.alias)


def expected(tree: ast.AST) -> Counter[int]:
    return Counter(id(node) for node in ast.walk(tree) if not isinstance(node, SAID_ELSEWHERE))


def seen(nodes: list[ast.AST]) -> Counter[int]:
    return Counter(id(node) for node in nodes if not isinstance(node, SAID_ELSEWHERE))


def test_every_node_is_seen_once() -> None:
    tree = ast.parse(PROGRAM)
    assert seen(list(walk(tree))) == expected(tree)


def test_children_are_in_the_order_of_the_source() -> None:
    call = ast.parse("f(a, *b, c=d)", mode="eval").body
    assert [ast.unparse(node) for node in children(call)] == ["f", "a", "*b", "c=d"]


@pytest.mark.parametrize("nested", [True, False])
def test_statements_are_in_the_order_of_the_source(nested: bool) -> None:
    tree = ast.parse("if a:\n  b\nelse:\n  c\ndef d():\n  e\ntry:\n  f\nexcept G:\n  h\nfinally:\n  i\n")
    lines = [node.lineno for node in statements(tree.body, nested=nested) if isinstance(node, ast.stmt)]
    assert lines == [1, 2, 4, 5, *([6] if nested else []), 7, 8, 10, 12]


def test_statements_begin_wherever_they_are_asked_for() -> None:
    tree = ast.parse("if a:\n    b\nelse:\n    c\nd = lambda: e\n")
    function = ast.parse("lambda: e", mode="eval").body

    assert [type(node).__name__ for node in statements([tree])] == ["Module", "If", "Expr", "Expr", "Assign"]
    assert [type(node).__name__ for node in statements([function])] == ["Lambda"]
