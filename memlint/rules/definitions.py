"""What rules about a file's structure share: its definitions with their symbols, its names, and how they report."""

from __future__ import annotations

import ast
import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis
from memlint.rules.rule import Default
from memlint.rules.triggers import Trigger
from memlint.source.names import ModuleNames, module_names
from memlint.source.text import Source
from memlint.source.walk import FIELDS, statements, walk

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_PARTS = ("body", "handlers", "cases", "orelse", "finalbody")
"""Where statements stand inside a compound statement."""
_WITH_BODIES = {
    kind: tuple(part for part in _PARTS if part in kind._fields)
    for kind in (
        ast.If, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match,
        ast.ExceptHandler, ast.match_case, *_FUNCTIONS, ast.ClassDef,
    )
}  # fmt: skip
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_APART = frozenset(DEFINITIONS)


@dataclass(frozen=True, eq=False)
class Function:
    """A function or method, and where it stands."""

    node: FunctionNode
    symbol: str
    owner: ast.ClassDef | None
    """The class whose method this is."""
    nested: bool
    """Whether it stands inside another function."""

    @property
    def receiver(self) -> str | None:
        """The name of its first parameter, when it is called on an instance."""
        arguments = [*self.node.args.posonlyargs, *self.node.args.args]
        if self.owner is None or not arguments:
            return None
        decorators = {d.id for d in self.node.decorator_list if isinstance(d, ast.Name)}
        return None if decorators & {"staticmethod", "classmethod"} else arguments[0].arg


@dataclass(frozen=True, eq=False)
class Class:
    """A class, and where it stands."""

    node: ast.ClassDef
    symbol: str
    nested: bool
    """Whether it stands inside a function."""

    @property
    def methods(self) -> dict[str, FunctionNode]:
        """Its own methods by name."""
        return {each.name: each for each in self.node.body if isinstance(each, FunctionNode)}


@dataclass(frozen=True, eq=False)
class Definitions:
    """What a file defines; each part is read when it is first asked for."""

    source: Source

    @property
    def tree(self) -> ast.Module:
        """The file's tree."""
        return self.source.tree

    @functools.cached_property
    def names(self) -> ModuleNames:
        """The file's global names."""
        return module_names(self.tree, "__main__", is_package=self.source.path.endswith("__init__.py"))

    @property
    def functions(self) -> tuple[Function, ...]:
        """Every function and method, in source order."""
        return self._all[0]

    @property
    def classes(self) -> tuple[Class, ...]:
        """Every class, in source order."""
        return self._all[1]

    def calls_of(self, targets: Iterable[str]) -> Iterator[tuple[str, ast.Call, frozenset[str]]]:
        """The calls of one of some qualified names, in no order: the symbol around each, and which names it may mean.

        A call in a decorator, a default or an annotation of a nested definition belongs to what is around that.
        """
        wanted = frozenset(targets)
        last = {name.rpartition(".")[2] for name in wanted}
        found: list[tuple[ast.Call, frozenset[str]]] = []
        plain: dict[str, bool] = {}
        for node in walk(self.tree):
            if node.__class__ is not ast.Call:
                continue
            func = node.func
            if func.__class__ is ast.Attribute:
                likely = func.attr in last
            elif func.__class__ is ast.Name:
                if func.id not in plain:
                    plain[func.id] = not wanted.isdisjoint(self.names.qualified(func))
                likely = plain[func.id]
            else:
                likely = True
            if likely and (meant := wanted.intersection(self.names.qualified(func))):
                found.append((node, meant))
        if not found:
            return
        symbols = {id(node): each.symbol for each in self.functions for node in own_nodes(each.node)}
        for call, meant in found:
            yield symbols.get(id(call), "<module>"), call, meant

    def functions_with(self, word: bytes) -> tuple[Function, ...]:
        """The functions with a line on which a word stands, in source order."""
        lines = self.source.calls.lines_with(word)
        return _read(self.tree, lines)[0] if lines else ()

    @functools.cached_property
    def _all(self) -> tuple[tuple[Function, ...], tuple[Class, ...]]:
        return _read(self.tree)


@functools.lru_cache(maxsize=1)
def definitions(source: Source) -> Definitions:
    """The definitions of a file; the last file's are kept, for the next rule."""
    return Definitions(source)


def _read(tree: ast.Module, lines: Sequence[int] | None = None) -> tuple[tuple[Function, ...], tuple[Class, ...]]:
    """The functions and classes of a tree; with ``lines`` (sorted) those that hold one of them."""
    functions: list[Function] = []
    classes: list[Class] = []
    waiting: list[tuple[list[ast.AST], str, ast.ClassDef | None, bool]] = [([*tree.body], "", None, False)]
    while waiting:
        body, prefix, owner, nested = waiting.pop()
        for child in body:
            kind = child.__class__
            if kind not in _WITH_BODIES or (lines is not None and not holds(child, lines)):
                continue
            if isinstance(child, _FUNCTIONS):
                functions.append(Function(child, f"{prefix}{child.name}", owner, nested))
                waiting.append(([*child.body], f"{prefix}{child.name}.<locals>.", None, True))
            elif isinstance(child, ast.ClassDef):
                classes.append(Class(child, f"{prefix}{child.name}", nested))
                waiting.append(([*child.body], f"{prefix}{child.name}.", child, nested))
            else:
                inner = [each for part in _WITH_BODIES[kind] for each in getattr(child, part)]
                waiting.append((inner, prefix, owner, nested))
    functions.sort(key=lambda each: each.node.lineno)
    classes.sort(key=lambda each: each.node.lineno)
    return tuple(functions), tuple(classes)


def holds(node: ast.AST, lines: Sequence[int]) -> bool:
    """Whether one of ``lines`` (sorted) is a line of ``node``; a case of a ``match`` has none of its own."""
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", None)
    return last is None or bisect_left(lines, first) < bisect_right(lines, last)


def own_nodes(*roots: ast.AST) -> Iterator[ast.AST]:
    """Every node below ``roots`` that runs with them, in no order: bodies of nested definitions do not."""
    waiting: list[ast.AST | None] = [*roots]
    pop, fields = waiting.pop, FIELDS
    while waiting:
        node = pop()
        if node is None:
            continue  # ``{**a}`` has no key
        yield node
        kind = node.__class__
        if kind in _APART and node not in roots:
            continue
        for name in fields[kind]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                waiting += value
            elif value is not None:
                waiting.append(value)


def own_statements(function: FunctionNode) -> Iterator[ast.AST]:
    """Every statement, handler and case that runs with a function, in source order."""
    return statements(function.body, nested=False)


def own_tries(function: FunctionNode) -> Iterator[ast.Try]:
    """The ``try`` statements with a ``finally`` that run with a function, in source order."""
    for node in own_statements(function):
        if isinstance(node, ast.Try) and node.finalbody:
            yield node


def decorators(node: FunctionNode | ast.ClassDef, names: ModuleNames) -> Iterator[tuple[str, ast.expr]]:
    """The qualified names of what decorates ``node``, called or not, each with its expression."""
    for decorator in node.decorator_list:
        for name in names.qualified(decorator.func if isinstance(decorator, ast.Call) else decorator):
            yield name, decorator


class StructureRule:
    """A rule that reads a file's own definitions."""

    code: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    severity: ClassVar[Severity] = Severity.WARNING
    default: ClassVar[Default] = Default.PREVIEW
    trigger: ClassVar[Trigger]
    """What a file must contain for this rule to find anything: others need not be parsed for its sake."""

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """The findings of this rule in one file."""
        if not self.trigger.search(analysis.source.data):
            return
        for symbol, node, message in self.places(analysis):
            yield Finding(
                code=self.code,
                path=analysis.source.path,
                span=analysis.source.span(node),
                message=message,
                severity=self.severity,
                symbol=symbol,
            )

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """Symbol, node and message of each finding."""
        raise NotImplementedError
