"""MEM201 unbounded-queue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.flow.growth import reference
from memlint.rules.definitions import Definitions, StructureRule, definitions

_QUEUES = frozenset({
    "asyncio.LifoQueue", "asyncio.PriorityQueue", "asyncio.Queue", "multiprocessing.JoinableQueue",
    "multiprocessing.Queue", "queue.LifoQueue", "queue.PriorityQueue", "queue.Queue",
})  # fmt: skip
_BOUNDLESS = frozenset({"queue.SimpleQueue", "multiprocessing.SimpleQueue"})
"""Queues that cannot have a bound."""
_PUTS = frozenset({"put", "put_nowait"})
_LOOPS = (ast.AsyncFor, ast.While)
"""Loops that end when somebody says so; a ``for`` puts in as many as there were."""


class UnboundedQueue(StructureRule):
    """A queue without a bound that a loop feeds."""

    code = "MEM201"
    name = "unbounded-queue"
    summary = "A queue without a bound is fed by a loop that no slow consumer can stop."
    trigger = re.compile(rb"Queue\s*\(")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a queue, at the call that makes it."""
        found = definitions(analysis.source)
        for name, call in _made(found):
            symbol, place = _home(found, name, call)
            line = _fed(place, name)
            if line is not None and not any(_asks_size(node, name) for node in ast.walk(place)):
                yield symbol, call, f"`{name}` has no bound, and the loop at line {line} feeds it"


def _made(found: Definitions) -> Iterator[tuple[str, ast.Call]]:
    """Each queue without a bound: the name or field that it is bound to, and the call."""
    for statement in ast.walk(found.tree):
        match statement:
            case (
                ast.Assign(targets=[target], value=ast.Call() as call)
                | ast.AnnAssign(target=target, value=ast.Call() as call)
            ):
                name = reference(target)
                if name is not None and _boundless(call, set(found.names.qualified(call.func))):
                    yield name, call


def _boundless(call: ast.Call, names: set[str]) -> bool:
    if names & _BOUNDLESS:
        return True
    sizes = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "maxsize")]
    return bool(names & _QUEUES) and all(isinstance(s, ast.Constant) and s.value in (0, None) for s in sizes)


def _home(found: Definitions, name: str, node: ast.Call) -> tuple[str, ast.AST]:
    """The symbol of the function that makes a queue, and the code in which its name means that queue."""
    around = [each for each in found.functions if _holds(each.node, node)]
    symbol = around[-1].symbol if around else "<module>"
    if "." in name:
        classes = [each.node for each in found.classes if _holds(each.node, node)]
        return symbol, classes[-1] if classes else found.tree
    return symbol, around[0].node if around else found.tree


def _holds(outer: ast.stmt, node: ast.expr) -> bool:
    return outer.lineno <= node.lineno <= (outer.end_lineno or outer.lineno)


def _fed(place: ast.AST, name: str) -> int | None:
    """The first line of a loop that puts into the queue and takes nothing out of it."""
    for loop in ast.walk(place):
        if isinstance(loop, _LOOPS):
            calls = {
                node.func.attr
                for statement in loop.body
                for node in ast.walk(statement)
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and reference(node.func.value) == name
            }
            if calls & _PUTS and not calls & {"get", "get_nowait"}:
                return loop.lineno
    return None


def _asks_size(node: ast.AST, name: str) -> bool:
    """Whether ``node`` looks at how full the queue is, so that its feeder may wait."""
    return isinstance(node, ast.Attribute) and node.attr in ("full", "join", "qsize") and reference(node.value) == name
