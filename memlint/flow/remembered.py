"""Which tests a path remembers: those that it may meet again, and that then come out as before."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence, Set

from memlint.cfg import instructions as ir
from memlint.cfg.graph import Graph

Remembered = Mapping[int, tuple[str, bool]]
"""By the identity of a test's node: the text by which equal tests are known, and False when it says the opposite."""

_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.NotEq: ast.Eq,
    ast.IsNot: ast.Is,
    ast.NotIn: ast.In,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
}


def remembered_tests(graph: Graph, ways: Sequence[tuple[int, ...]], making: Set[int] = frozenset()) -> Remembered:
    """The tests that stand at two places or more, and those that a loop comes back to with nothing changed.

    ``ways`` are the successors of each block, ``making`` the blocks in which something may be acquired.
    """
    tests = {id(block.end.node): block.end.node for block in graph.blocks if block.end.__class__ is ir.Branch}
    if not tests:
        return {}
    turned = _turned(graph, ways, making) if making and graph.loops else frozenset()
    if len(tests) < 2 and not turned:
        return {}
    sketches = {number: _sketch(node) for number, node in tests.items()}
    drawn = Counter(sketches.values())
    keys = {n: test_key(node) for n, node in tests.items() if drawn[sketches[n]] > 1 or n in turned}
    counted = Counter(text for text, _ in keys.values())
    return {number: key for number, key in keys.items() if counted[key[0]] > 1 or number in turned}


def test_key(test: ast.expr) -> tuple[str, bool]:
    """The text by which equal tests are known, and False when it says the opposite of ``test``."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPPOSITE:
        turned = ast.Compare(test.left, [_OPPOSITE[type(test.ops[0])]()], test.comparators)
        return ast.unparse(turned), False
    return ast.unparse(test), True


def _sketch(test: ast.expr) -> str:
    """The same for equal tests and for opposite ones, and different for most others: their texts take long to write."""
    match test:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Compare(left=inner) | ast.Call(func=inner) | ast.Subscript(value=inner):
            return _sketch(inner)
        case _:
            return test.__class__.__name__


def _turned(graph: Graph, ways: Sequence[tuple[int, ...]], making: Set[int]) -> frozenset[int]:
    """The tests that a loop comes back to by both ways and with nothing changed, where only one of them acquires.

    Other tests of loops are left alone: each would keep two times as many paths apart.
    """
    found: set[int] = set()
    for block in graph.blocks:
        end = block.end
        if end.__class__ is not ir.Branch or not (name := _plain(end.node)) or name not in graph.locals:
            continue
        behind = max((last for first, last in graph.loops if first <= block.number <= last), default=0)
        if not any(block.number < number <= behind for number in making):
            continue
        if name in graph.outer or name in graph.captured:
            continue
        ways_on = [_reached(start, block.number, ways) for start in (end.true, end.false)]
        if not all(block.number in reached for reached in ways_on) or making.isdisjoint(ways_on[0] ^ ways_on[1]):
            continue
        if _only_tested(name, graph, ways_on[0] | ways_on[1]):
            found.add(id(end.node))
    return frozenset(found)


def _plain(test: ast.expr) -> str:
    """The variable that a test is about, when it is about that alone."""
    match test:
        case ast.Name(id=name) | ast.Compare(left=ast.Name(id=name), comparators=[ast.Constant()]):
            return name
        case _:
            return ""


def _reached(start: int, last: int, ways: Sequence[tuple[int, ...]]) -> set[int]:
    """The blocks that are reached from one without passing the last."""
    reached = {start}
    waiting = [start] if start != last else []
    while waiting:
        for each in ways[waiting.pop()]:
            if each not in reached:
                reached.add(each)
                if each != last:
                    waiting.append(each)
    return reached


def _only_tested(name: str, graph: Graph, within: Set[int]) -> bool:
    """Whether some blocks do nothing with a variable but test it."""
    for number in within:
        block = graph.blocks[number]
        loaded: set[ir.Place] = set()
        for i in block.instructions:
            match i:
                case ir.Load() if i.name == name:
                    loaded.add(i.target)
                case ir.Bind() | ir.Unbind() | ir.Import() if i.name == name:
                    return False
                case ir.Compare():
                    loaded -= {i.left, i.right}
                case ir.Negate():
                    loaded.discard(i.source)
        if isinstance(block.end, ir.Branch):
            loaded.discard(block.end.place)
        if loaded:
            return False
    return True
