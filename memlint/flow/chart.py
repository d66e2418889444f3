"""What is known of a function's graph before it is followed: made once, however often the function is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from memlint.cfg import instructions as ir
from memlint.cfg.graph import Graph
from memlint.flow.liveness import Live, live_at
from memlint.flow.machine import Machine
from memlint.flow.remembered import Remembered, remembered_tests
from memlint.flow.telling import BRANCHES, telling_places


@dataclass(frozen=True, slots=True)
class Chart:
    """The ways through a graph, and what matters on them."""

    joins: frozenset[int]
    """Blocks that are entered from more than one place: only there can equal states meet."""
    acquiring: frozenset[int]
    """Blocks from which an acquisition can still be reached."""
    live: Live
    repeated: Remembered
    """The tests whose outcomes are remembered."""

    @staticmethod
    def of(machine: Machine, lines: Sequence[int]) -> Chart:
        """The chart of a machine's function; something may be acquired on ``lines``, which are sorted."""
        graph = machine.graph
        ways = [graph.successors(block) for block in graph.blocks]
        making = making_blocks(graph, lines)
        repeated = remembered_tests(graph, ways, making)
        tests = sum(block.end.__class__ is ir.Branch for block in graph.blocks)
        telling = telling_places(machine) if tests >= BRANCHES else None
        return Chart(
            joining_blocks(graph, ways),
            acquiring_blocks(graph, ways, making),
            live_at(graph, ways, repeated, telling),
            repeated,
        )


def joining_blocks(graph: Graph, ways: Sequence[tuple[int, ...]]) -> frozenset[int]:
    """Blocks with more than one way in; exceptions are many ways."""
    entered = Counter(chain.from_iterable(ways))
    landings = {block.landing for block in graph.blocks}
    return frozenset(landings.union(number for number, count in entered.items() if count > 1))


def making_blocks(graph: Graph, lines: Sequence[int]) -> frozenset[int]:
    """Blocks that hold a call or attribute on one of the lines."""
    found: set[int] = set()
    every = frozenset(lines)
    for block in graph.blocks if lines else ():
        for i in block.instructions:
            if i.__class__ is ir.Call or i.__class__ is ir.GetAttribute:
                first, last = i.node.lineno, i.node.end_lineno  # type: ignore[attr-defined]
                if first in every or (first != last and bisect_left(lines, first) < bisect_right(lines, last or 0)):
                    found.add(block.number)
                    break
    return frozenset(found)


def acquiring_blocks(graph: Graph, ways: Sequence[tuple[int, ...]], making: Iterable[int]) -> frozenset[int]:
    """Blocks in which something may be acquired, and those from which one can be reached."""
    before: dict[int, set[int]] = {}
    for block in graph.blocks:
        for after in (*ways[block.number], block.landing):
            before.setdefault(after, set()).add(block.number)
    pending = [*making]
    found: set[int] = set()
    while pending:
        number = pending.pop()
        if number not in found:
            found.add(number)
            pending.extend(before.get(number, ()))
    return frozenset(found)
