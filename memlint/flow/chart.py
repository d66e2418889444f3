"""What is known of a function's graph before it is followed: made once, however often the function is."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from memlint.cfg import instructions as ir
from memlint.cfg.graph import Graph
from memlint.flow.liveness import Live, live_at
from memlint.flow.machine import Machine
from memlint.flow.telling import BRANCHES, telling_places


@dataclass(frozen=True, slots=True)
class Chart:
    """The ways through a graph, and what matters on them."""

    joins: frozenset[int]
    """Blocks that are entered from more than one place: only there can equal states meet."""
    acquiring: frozenset[int]
    """Blocks from which an acquisition can still be reached."""
    live: Live
    repeated: Mapping[int, tuple[str, bool]]
    """The keys of tests (by the identity of their nodes) that occur more than once: only their outcomes are
    remembered."""

    @staticmethod
    def of(machine: Machine, lines: Sequence[int]) -> Chart:
        """The chart of a machine's function; something may be acquired on ``lines``, which are sorted."""
        graph = machine.graph
        ways = [graph.successors(block) for block in graph.blocks]
        repeated = repeated_tests(graph)
        tests = sum(block.end.__class__ is ir.Branch for block in graph.blocks)
        telling = telling_places(machine) if tests >= BRANCHES else None
        return Chart(
            joining_blocks(graph, ways),
            acquiring_blocks(graph, ways, lines),
            live_at(graph, ways, repeated, telling),
            repeated,
        )


def joining_blocks(graph: Graph, ways: Sequence[tuple[int, ...]]) -> frozenset[int]:
    """Blocks with more than one way in; exceptions are many ways."""
    entered: Counter[int] = Counter()
    for block in graph.blocks:
        for each in ways[block.number]:
            entered[each] += 1
        entered[block.landing] += 2
    return frozenset(number for number, count in entered.items() if count > 1)


def acquiring_blocks(graph: Graph, ways: Sequence[tuple[int, ...]], lines: Sequence[int]) -> frozenset[int]:
    """Blocks that hold a call or attribute on one of the lines, and those from which one can be reached."""
    before: dict[int, set[int]] = {}
    pending: list[int] = []
    for block in graph.blocks:
        for after in (*ways[block.number], block.landing):
            before.setdefault(after, set()).add(block.number)
        for i in block.instructions if lines else ():
            if (i.__class__ is ir.Call or i.__class__ is ir.GetAttribute) and _on(i.node, lines):
                pending.append(block.number)
                break
    found: set[int] = set()
    while pending:
        number = pending.pop()
        if number not in found:
            found.add(number)
            pending.extend(before.get(number, ()))
    return frozenset(found)


def _on(node: ast.AST, lines: Sequence[int]) -> bool:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
    return bisect_left(lines, first) < bisect_right(lines, last)


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.NotEq: ast.Eq,
    ast.IsNot: ast.Is,
    ast.NotIn: ast.In,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
}


def test_key(test: ast.expr) -> tuple[str, bool]:
    """The text by which equal tests are known, and False when it says the opposite of ``test``."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPPOSITE:
        turned = ast.Compare(test.left, [_OPPOSITE[type(test.ops[0])]()], test.comparators)
        return ast.unparse(turned), False
    return ast.unparse(test), True


def repeated_tests(graph: Graph) -> dict[int, tuple[str, bool]]:
    """The keys of the tests that stand at two places or more of the function's source, by their nodes' identity."""
    tests = {id(block.end.node): block.end.node for block in graph.blocks if isinstance(block.end, ir.Branch)}
    if len(tests) < 2:
        return {}
    keys = {number: test_key(node) for number, node in tests.items()}
    counted = Counter(text for text, _ in keys.values())
    return {number: key for number, key in keys.items() if counted[key[0]] > 1}
