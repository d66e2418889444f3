"""MEM204 ignored-pressure."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.flow.growth import reference
from memlint.rules.definitions import Definitions, Function, StructureRule, definitions, own_nodes
from memlint.rules.triggers import AnyWord

_MONITOR = "pytest_memguard.runtime.MemoryMonitor"
_CONNECTS = frozenset({"asyncio.open_connection", "asyncio.open_unix_connection"})
_WRITER = frozenset({"asyncio.StreamWriter", "asyncio.streams.StreamWriter"})
_WRITES = frozenset({"write", "writelines"})
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class IgnoredPressure(StructureRule):
    """What says that memory runs short, or that a buffer fills, is not listened to."""

    code = "MEM204"
    name = "ignored-pressure"
    summary = "A loop fills a stream's buffer and never waits for it, or the answer of a memory monitor is dropped."
    trigger = AnyWord((b"StreamWriter", b"open_connection", b"open_unix_connection", b"MemoryMonitor"))

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a function that writes in a loop, and one a dropped answer."""
        found = definitions(analysis.source)
        monitors = _monitors(found)
        for function in found.functions:
            nodes = list(own_nodes(function.node))
            if isinstance(function.node, ast.AsyncFunctionDef):
                yield from _writes(function, nodes, found)
            yield from _dropped(function, nodes, monitors)


def _writes(function: Function, nodes: list[ast.AST], found: Definitions) -> Iterator[tuple[str, ast.AST, str]]:
    writers = _writers(function, nodes, found)
    waits = {
        reference(node.func.value)
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "drain"
    }
    for writer in writers - waits:
        for loop in nodes:
            call = _written(loop, writer) if isinstance(loop, _LOOPS) else None
            if call is not None and not _given_away(nodes, writer):
                yield function.symbol, call, f"`{writer}` buffers what the loop writes, and nothing waits for `drain()`"
                break


def _writers(function: Function, nodes: list[ast.AST], found: Definitions) -> set[str]:
    """The names that are stream writers: by annotation, or by the call that made them."""
    arguments = [*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs]
    writers = {
        each.arg
        for each in arguments
        if each.annotation is not None and _WRITER & set(found.names.qualified(each.annotation))
    }
    for node in nodes:
        match node:
            case ast.Assign(
                targets=[ast.Tuple(elts=[_, ast.Name(id=name)])], value=ast.Await(value=ast.Call(func=func))
            ):
                if _CONNECTS & set(found.names.qualified(func)):
                    writers.add(name)
    return writers


def _written(loop: ast.For | ast.AsyncFor | ast.While, writer: str) -> ast.Call | None:
    """The first write to the writer in a loop that sends more than one fixed text."""
    for statement in loop.body:
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _WRITES:
                    if name == writer:
                        return node
    return None


def _given_away(nodes: list[ast.AST], writer: str) -> bool:
    """Whether a callee gets the writer, and may wait for it."""
    return any(
        isinstance(node, ast.Call)
        and any(isinstance(argument, ast.Name) and argument.id == writer for argument in node.args)
        for node in nodes
    )


def _monitors(found: Definitions) -> set[str | None]:
    """The names of a file's memory monitors, when nobody has told them what to do under pressure."""
    nodes = list(ast.walk(found.tree)) if "MemoryMonitor" in found.names.imports or _named(found) else []
    if any(isinstance(node, ast.Attribute) and node.attr in ("relieve", "on_change") for node in nodes):
        return set()
    return {
        reference(target)
        for node in nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and _MONITOR in found.names.qualified(node.value.func)
        for target in node.targets
    } - {None}


def _named(found: Definitions) -> bool:
    return any(_MONITOR.startswith(each) for names in found.names.imports.values() for each in names)


def _dropped(function: Function, nodes: list[ast.AST], monitors: set[str | None]) -> Iterator[tuple[str, ast.AST, str]]:
    """Answers of such a monitor that are dropped."""
    for node in nodes:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr="check")) as call):
                name = reference(owner)
                if name in monitors:
                    yield function.symbol, call, f"`{name}` is asked how near the limit is, and its answer is dropped"
