"""Where the nodes of a file stand: parents, blocks, the nodes at a place, and the names that are taken."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from memlint.findings import Span
from memlint.fixes.proposal import Refused
from memlint.source.names import ModuleNames, module_names
from memlint.source.text import Source

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")

N = TypeVar("N", bound=ast.AST)


@dataclass(frozen=True, eq=False)
class Spot:
    """A statement in its block."""

    owner: ast.AST
    """The compound statement, handler, definition or module that the block belongs to."""
    block: list[ast.stmt]
    index: int


class Places:
    """One parsed file, looked up by place and by relation."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @cached_property
    def names(self) -> ModuleNames:
        """What the module's global names stand for."""
        return module_names(self.source.tree, "__main__", is_package=self.source.path.endswith("__init__.py"))

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.source.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def _by_span(self) -> dict[Span, list[ast.AST]]:
        found: dict[Span, list[ast.AST]] = {}
        for node in ast.walk(self.source.tree):
            if isinstance(node, (ast.expr, ast.stmt)):
                found.setdefault(self.source.span(node), []).append(node)
        return found

    def at(self, span: Span, sort: type[N]) -> N:
        """The outermost node of a sort at a place.

        Raises:
            Refused: there is none.
        """
        for node in self._by_span.get(span, ()):
            if isinstance(node, sort):
                return node
        raise Refused("the place of the finding cannot be found in the file")

    def parent(self, node: ast.AST) -> ast.AST:
        """What a node is part of; the module's own is the module."""
        return self._parents.get(node, self.source.tree)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around one, innermost first."""
        while node in self._parents:
            node = self._parents[node]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that a node is, or is part of.

        Raises:
            Refused: it is part of none.
        """
        for each in (node, *self.around(node)):
            if isinstance(each, ast.stmt):
                return each
        raise Refused("the place of the finding is in no statement")

    def function(self, node: ast.AST) -> FunctionNode | None:
        """The function whose body a node runs in; None at module and class level."""
        for each in self.around(node):
            if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return each
            if isinstance(each, (ast.ClassDef, ast.Lambda)):
                return None
        return None

    def spot(self, statement: ast.stmt) -> Spot:
        """Where a statement stands."""
        owner = self.parent(statement)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(owner, name, None)
            if isinstance(block, list):
                for index, each in enumerate(block):
                    if each is statement:
                        return Spot(owner, block, index)
        raise Refused("the statement is in no block")

    def loops_around(self, statement: ast.stmt, function: ast.AST) -> list[ast.stmt]:
        """The loops around a statement inside its function, innermost first."""
        found: list[ast.stmt] = []
        for each in self.around(statement):
            if each is function:
                break
            if isinstance(each, LOOPS):
                found.append(each)
        return found

    def fresh(self, wanted: str, scope: ast.AST, near: ast.stmt | None = None) -> str:
        """``wanted``, or it with a number, such that nothing in ``scope`` nor at module level has that name.

        A name that only blocks which neither hold ``near`` nor stand in it have for what they enter is free again.
        """
        taken = {*identifiers(scope), *self._globals}
        name, number = wanted, 2
        while name in taken:
            if near is not None and name not in self._globals and self._free_again(name, scope, near):
                break
            name, number = f"{wanted}{number}", number + 1
        return name

    def _free_again(self, name: str, scope: ast.AST, near: ast.stmt) -> bool:
        blocks = [
            node
            for node in ast.walk(scope)
            if isinstance(node, (ast.With, ast.AsyncWith)) and any(_enters(item, name) for item in node.items)
        ]
        around = {near, *self.around(near)}
        if any(block in around or near in self.around(block) for block in blocks):
            return False
        inside = {id(node) for block in blocks for node in ast.walk(block)}
        named = [node for node in ast.walk(scope) if isinstance(node, ast.Name) and node.id == name]
        given = any(isinstance(node, ast.arg) and node.arg == name for node in ast.walk(scope))
        return bool(named) and not given and not captured(scope, name) and all(id(node) in inside for node in named)

    @cached_property
    def _globals(self) -> set[str]:
        names = self.names
        return {*names.imports, *names.functions, *names.classes, *names.aliases, *names.instances, *names.bound}


def callee(call: ast.Call, names: ModuleNames) -> tuple[str, ...]:
    """The qualified names of what is called; none where it is a method of a literal or of another call's result."""
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        node = node.value
    return names.qualified(call.func) if isinstance(node, ast.Name) else ()


def _enters(item: ast.withitem, name: str) -> bool:
    return isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == name


def identifiers(scope: ast.AST) -> set[str]:
    """Every name that is read or bound anywhere in ``scope``."""
    found: set[str] = set()
    for node in ast.walk(scope):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add((other or name).partition(".")[0])
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.Global(names=every) | ast.Nonlocal(names=every):
                found.update(every)
    return found


def names_read(node: ast.AST, name: str) -> Iterator[ast.Name]:
    """Where a name is read in ``node``, nested definitions included."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Load):
            yield each


def binds(node: ast.AST, name: str) -> bool:
    """Whether a name is bound or deleted anywhere in ``node``."""
    for each in ast.walk(node):
        match each:
            case ast.Name(id=other, ctx=ast.Store() | ast.Del()) if other == name:
                return True
            case ast.ExceptHandler(name=other) | ast.MatchAs(name=other) | ast.MatchStar(name=other) if other == name:
                return True
            case ast.FunctionDef(name=other) | ast.AsyncFunctionDef(name=other) | ast.ClassDef(name=other):
                if other == name:
                    return True
            case ast.alias(name=full, asname=other):
                if (other or full.partition(".")[0]) == name:
                    return True
    return False


def captured(function: ast.AST, name: str) -> bool:
    """Whether a function, lambda or class inside ``function`` speaks of its name, or it is no local name."""
    for each in ast.walk(function):
        if isinstance(each, (ast.Global, ast.Nonlocal)) and name in each.names:
            return True
        if each is not function and isinstance(each, SCOPES) and name in identifiers(each):
            return True
    return False
