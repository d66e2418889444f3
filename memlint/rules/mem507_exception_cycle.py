"""MEM507 exception-cycle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Function, StructureRule, definitions, own_nodes, own_statements
from memlint.source.names import ModuleNames

_FRAMES = frozenset({"inspect.currentframe", "sys._getframe"})
_FRAME_WORDS = frozenset({b"currentframe", b"_getframe"})


class ExceptionCycle(StructureRule):
    """A kept exception or frame keeps every local variable of the functions that it passed through."""

    code = "MEM507"
    name = "exception-cycle"
    summary = "A stored exception or frame keeps every variable of the functions that it came from."
    trigger = re.compile(rb"\bexcept\b|\bcurrentframe\b|\b_getframe\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a store."""
        found = definitions(analysis.source)
        for function in found.functions_with(b"except"):
            for node in own_statements(function.node) if function.owner is not None else ():
                if isinstance(node, ast.ExceptHandler) and node.name:
                    yield from _kept(node, function)
        if found.source.calls.words.isdisjoint(_FRAME_WORDS):
            return
        for function in found.functions:
            yield from _frames(list(own_nodes(function.node)), found.names, function)


def _kept(handler: ast.ExceptHandler, function: Function) -> Iterator[tuple[str, ast.AST, str]]:
    """Fields that a handler stores its exception in, and that the class never clears."""
    for node in (each for statement in handler.body for each in own_nodes(statement)):
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=field)], value=ast.Name(id=name)
            ) if name == handler.name and not _cleared(field, function):
                message = f"`self.{field}` keeps a traceback, and with it every frame and its variables"
                yield function.symbol, node, message


def _cleared(field: str, function: Function) -> bool:
    """Whether some method but the constructor empties the field, or raises what is in it."""
    for method in function.owner.body if function.owner is not None else ():
        if getattr(method, "name", None) == "__init__":
            continue
        for node in ast.walk(method):
            match node:
                case ast.Assign(targets=targets, value=ast.Constant(value=None)):
                    if any(_is_field(target, field) for target in targets):
                        return True
                case ast.Raise(exc=ast.expr() as raised) if _is_field(raised, field):
                    return True
                case ast.Delete(targets=targets) if any(_is_field(target, field) for target in targets):
                    return True
    return False


def _is_field(node: ast.AST, field: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == field


def _frames(nodes: list[ast.AST], names: ModuleNames, function: Function) -> Iterator[tuple[str, ast.AST, str]]:
    """Local names that hold the function's own frame, and are never deleted nor bound anew."""
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=func, args=[]) as call) as made:
                if _FRAMES & set(names.qualified(func)) and not _dropped(name, made, nodes):
                    yield function.symbol, call, f"`{name}` is this function's own frame: a cycle that holds its locals"


def _dropped(name: str, made: ast.Assign, nodes: list[ast.AST]) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
        for node in nodes
        if node is not made.targets[0]
    )
