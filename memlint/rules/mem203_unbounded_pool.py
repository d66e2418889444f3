"""MEM203 unbounded-pool."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import DEFINITIONS, Definitions, StructureRule, definitions, own_nodes
from memlint.rules.triggers import AnyWord

_SIZES = {
    "concurrent.futures.ThreadPoolExecutor": ("max_workers", 0),
    "concurrent.futures.ProcessPoolExecutor": ("max_workers", 0),
    "concurrent.futures.thread.ThreadPoolExecutor": ("max_workers", 0),
    "concurrent.futures.process.ProcessPoolExecutor": ("max_workers", 0),
    "multiprocessing.Pool": ("processes", 0),
    "multiprocessing.pool.Pool": ("processes", 0),
    "multiprocessing.pool.ThreadPool": ("processes", 0),
    "multiprocessing.dummy.Pool": ("processes", 0),
}
"""Pools of workers, and the argument that says how many there are."""
_LIMITS = {
    "aiohttp.TCPConnector": ("limit", (0, None)),
    "httpx.Limits": ("max_connections", (None,)),
    "sqlalchemy.create_engine": ("max_overflow", (-1,)),
    "sqlalchemy.pool.QueuePool": ("max_overflow", (-1,)),
}
"""Pools of connections, and the values of an argument that take their limit away."""
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class UnboundedPool(StructureRule):
    """A pool as large as its input, without a limit, or made anew for each piece of work."""

    code = "MEM203"
    name = "unbounded-pool"
    summary = "A pool has as many workers as there is work, has no limit, or is made anew for each piece of work."
    trigger = AnyWord((b"PoolExecutor", b"Pool(", b"TCPConnector", b"Limits(", b"max_overflow"))

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a pool, at the call that makes it."""
        found = definitions(analysis.source)
        for function in found.functions:
            nodes = list(own_nodes(function.node))
            for node in nodes:
                if isinstance(node, ast.Call):
                    message = _boundless(node, nodes, found)
                    if message is not None:
                        yield function.symbol, node, message


def _boundless(call: ast.Call, nodes: list[ast.AST], found: Definitions) -> str | None:
    for name in found.names.qualified(call.func):
        short = ast.unparse(call.func)
        if name in _LIMITS:
            argument, values = _LIMITS[name]
            for keyword in call.keywords:
                if keyword.arg == argument and _constant(keyword.value, values):
                    return f"`{short}` has no limit: `{argument}={ast.unparse(keyword.value)}`"
        if name not in _SIZES:
            continue
        size = _argument(call, *_SIZES[name])
        counted = None if size is None else _counted(size, nodes)
        if counted is not None:
            return f"`{short}` starts a worker for each of `{counted}`, however many there are"
        loop = next((each for each in nodes if isinstance(each, _LOOPS) and _turns(each, call)), None)
        if loop is not None:
            return f"`{short}` starts its workers anew on each turn of the loop at line {loop.lineno}"
    return None


def _argument(call: ast.Call, name: str, position: int) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[position] if len(call.args) > position else None


def _counted(size: ast.expr, nodes: list[ast.AST]) -> str | None:
    """What is counted by ``len(...)``, written here or bound to the name that stands here; a display has few."""
    if isinstance(size, ast.Name):
        bound = [
            each.value
            for each in nodes
            if isinstance(each, ast.Assign) and any(isinstance(t, ast.Name) and t.id == size.id for t in each.targets)
        ]
        if len(bound) != 1:
            return None
        size = bound[0]
    match size:
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name() | ast.Attribute() as counted]):
            text = ast.unparse(counted)
            return None if text.isupper() or _display(text, nodes) else text
    return None


def _display(name: str, nodes: list[ast.AST]) -> bool:
    """Whether a name stands for a list that is written out in the code."""
    return any(
        isinstance(each, ast.Assign)
        and isinstance(each.value, (ast.List, ast.Tuple, ast.Set, ast.Dict))
        and any(isinstance(t, ast.Name) and t.id == name for t in each.targets)
        and not any(
            isinstance(c, ast.Attribute) and isinstance(c.value, ast.Name) and c.value.id == name for c in nodes
        )
        for each in nodes
    )


def _constant(node: ast.expr, values: tuple[object, ...]) -> bool:
    try:
        return ast.literal_eval(node) in values
    except ValueError:
        return False


def _turns(loop: ast.For | ast.AsyncFor | ast.While, call: ast.Call) -> bool:
    """Whether a loop that goes on, not one that only tries again, makes the call on each turn."""
    if any(isinstance(each, (ast.Return, ast.Break)) for each in loop.body):
        return False
    waiting: list[ast.AST] = [*loop.body]
    while waiting:
        node = waiting.pop()
        if node is call:
            return True
        if not isinstance(node, DEFINITIONS):
            waiting.extend(ast.iter_child_nodes(node))
    return False
