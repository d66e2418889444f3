"""Which functions of a file are worth following: those that hold a line with an acquisition."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memlint.cfg.graph import CodeNode, FunctionNode
from memlint.source.names import imported

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, eq=False)
class Unit:
    """One function, method, or the module's own statements."""

    node: CodeNode
    symbol: str
    """``Class.method``, ``function.<locals>.inner`` or ``<module>``."""
    owner: str | None = None
    """The class (as named in its module) whose method this is."""
    enclosing: tuple[FunctionNode, ...] = ()
    """The functions around it, outermost first."""
    only: tuple[ast.stmt, ...] | None = None
    """For the module: the statements to follow."""


def find_units(tree: ast.Module, lines: Sequence[int]) -> list[Unit]:
    """The units of ``tree`` that hold any of ``lines`` (sorted) themselves, in source order."""
    found: list[Unit] = []
    top = _descend(tree.body, lines, "", None, (), found)
    if top:
        found.insert(0, Unit(tree, "<module>", only=tuple(top)))
    return found


def _hit(node: ast.AST, lines: Sequence[int]) -> bool:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
    return bisect_left(lines, first) < bisect_right(lines, last)


def _descend(
    body: Sequence[ast.stmt], lines: Sequence[int], prefix: str, owner: str | None,
    enclosing: tuple[FunctionNode, ...], found: list[Unit],
) -> list[ast.stmt]:  # fmt: skip
    """Find the units below ``body``; return its statements that hold a line of their own."""
    own: list[ast.stmt] = []
    for statement in body:
        if not _hit(statement, lines):
            continue
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                _function(statement, lines, prefix, owner, enclosing, found)
            case ast.ClassDef():
                name = f"{prefix}{statement.name}"
                inside = _descend(statement.body, lines, f"{name}.", name, enclosing, found)
                if not enclosing:
                    own += inside  # a module's classes are made when it is imported
            case ast.Expr(value=ast.Constant()):
                pass  # words in a text acquire nothing
            case _:
                inner = list(nested_definitions(statement))
                _descend(inner, lines, prefix, owner, enclosing, found)
                if _outside(statement, inner, lines):
                    own.append(statement)
    return own


def _function(
    node: FunctionNode, lines: Sequence[int], prefix: str, owner: str | None,
    enclosing: tuple[FunctionNode, ...], found: list[Unit],
) -> None:  # fmt: skip
    place = len(found)
    own = _descend(node.body, lines, f"{prefix}{node.name}.<locals>.", None, (*enclosing, node), found)
    if own:
        found.insert(place, Unit(node, f"{prefix}{node.name}", owner, enclosing))


def nested_definitions(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The functions and classes defined inside a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        for child in getattr(statement, name, ()):
            if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                yield child
            else:
                yield from nested_definitions(child)
    for handler in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        for child in handler.body:
            if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                yield child
            else:
                yield from nested_definitions(child)


def _outside(statement: ast.stmt, inner: list[ast.stmt], lines: Sequence[int]) -> bool:
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    for index in range(bisect_left(lines, first), bisect_right(lines, last)):
        line = lines[index]
        if not any(each.lineno <= line <= (each.end_lineno or 0) for each in inner):
            return True
    return False


def enclosing_names(functions: Sequence[FunctionNode], package: str) -> dict[str, tuple[str, ...]]:
    """What enclosing functions bind: imports with their qualified names, everything else with none."""
    names: dict[str, tuple[str, ...]] = {}
    for function in functions:
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            names[argument.arg] = ()
        for node in ast.walk(function):
            match node:
                case ast.Import() | ast.ImportFrom():
                    names.update({name: (qualified,) for name, qualified in imported(node, package)})
                case ast.Name(id=name, ctx=ast.Store()):
                    names.setdefault(name, ())
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    names.setdefault(name, ())
    return names
