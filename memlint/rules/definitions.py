"""What rules about a file's structure share: its definitions with their symbols, its names, and how they report."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis
from memlint.rules.rule import Default
from memlint.source.names import ModuleNames, module_names
from memlint.source.text import Source
from memlint.source.walk import children

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPOUND = (
    ast.If, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match,
    ast.ExceptHandler, ast.match_case,
)  # fmt: skip
_PARTS = ("body", "handlers", "cases", "orelse", "finalbody")
"""Where statements stand inside a compound statement."""
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


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
    """Everything that a file defines, in source order."""

    tree: ast.Module
    names: ModuleNames
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]


@functools.lru_cache(maxsize=1)
def definitions(source: Source) -> Definitions:
    """Read the definitions of a file; the last file's are kept, for the next rule."""
    functions: list[Function] = []
    classes: list[Class] = []
    waiting: list[tuple[list[ast.AST], str, ast.ClassDef | None, bool]] = [([*source.tree.body], "", None, False)]
    while waiting:
        body, prefix, owner, nested = waiting.pop()
        for child in body:
            if isinstance(child, _FUNCTIONS):
                functions.append(Function(child, f"{prefix}{child.name}", owner, nested))
                waiting.append(([*child.body], f"{prefix}{child.name}.<locals>.", None, True))
            elif isinstance(child, ast.ClassDef):
                classes.append(Class(child, f"{prefix}{child.name}", nested))
                waiting.append(([*child.body], f"{prefix}{child.name}.", child, nested))
            elif isinstance(child, _COMPOUND):
                inner = [each for part in _PARTS for each in getattr(child, part, ())]
                waiting.append((inner, prefix, owner, nested))
    functions.sort(key=lambda each: each.node.lineno)
    classes.sort(key=lambda each: each.node.lineno)
    names = module_names(source.tree, "__main__", is_package=source.path.endswith("__init__.py"))
    return Definitions(source.tree, names, tuple(functions), tuple(classes))


def own_nodes(*roots: ast.AST) -> Iterator[ast.AST]:
    """Every node below ``roots`` that runs with them, in no order: bodies of nested definitions do not."""
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, DEFINITIONS) or node in roots:
            waiting += children(node)


def own_tries(function: FunctionNode) -> Iterator[ast.Try]:
    """The ``try`` statements with a ``finally`` that run with a function, in source order."""
    waiting: list[ast.AST] = [*reversed(function.body)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Try) and node.finalbody:
            yield node
        if isinstance(node, _COMPOUND):
            waiting += [each for part in reversed(_PARTS) for each in reversed(getattr(node, part, ()))]


def decorators(node: FunctionNode | ast.ClassDef, names: ModuleNames) -> Iterator[tuple[str, ast.expr]]:
    """The qualified names of what decorates ``node``, called or not, each with its expression."""
    for decorator in node.decorator_list:
        for name in names.qualified(decorator.func if isinstance(decorator, ast.Call) else decorator):
            yield name, decorator


class Trigger(Protocol):
    """What tells from a file's bytes whether a rule may find anything in it: a pattern, or some words."""

    def search(self, data: bytes, /) -> object:
        """Something true when it may."""
        ...


@dataclass(frozen=True, slots=True)
class AnyWord:
    """One of several words, anywhere: ten times faster than a pattern of alternatives."""

    words: tuple[bytes, ...]

    def search(self, data: bytes, /) -> bool:
        """Whether one stands in the data."""
        return any(word in data for word in self.words)


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
