"""What a module's global names stand for: imports, definitions, aliases and builtins."""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from memlint.source.walk import walk

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_BUILTINS = frozenset(dir(builtins))


@dataclass(slots=True)
class ModuleNames:
    """The global names of one module.

    A name imported in two ways (``try``/``except ImportError``) stands for both; whoever asks takes the candidate
    that is known.
    """

    module: str
    """Dotted name of the module itself."""
    package: str
    """What its relative imports are relative to."""
    imports: dict[str, tuple[str, ...]] = field(default_factory=dict)
    functions: dict[str, FunctionNode] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    aliases: dict[str, ast.expr] = field(default_factory=dict)
    """Names bound once, to another name: ``_open = io.open``."""
    instances: dict[str, ast.expr] = field(default_factory=dict)
    """Names bound once, to the result of a call: the callee (``lock = threading.Lock()``)."""
    bound: set[str] = field(default_factory=set)
    """Names bound to anything else, or more than once."""

    def candidates(self, name: str) -> tuple[str, ...]:
        """The qualified names that a global name may stand for; empty when it is a variable."""
        return self._candidates(name, 4)

    def _candidates(self, name: str, depth: int) -> tuple[str, ...]:
        if name in self.imports:
            return self.imports[name]
        if name in self.functions or name in self.classes:
            return (f"{self.module}.{name}",)
        if name in self.aliases and depth and name not in self.bound:
            return self._qualified(self.aliases[name], depth - 1)
        if name in _BUILTINS and name not in self.bound:
            return (f"builtins.{name}",)
        return ()

    def instance(self, name: str) -> tuple[str, ...]:
        """The qualified callee whose result a global variable is; empty when that is not known."""
        return self._qualified(self.instances[name], 4) if name in self.instances else ()

    def qualified(self, node: ast.expr) -> tuple[str, ...]:
        """The qualified names of a name or dotted chain that is read at module level."""
        return self._qualified(node, 4)

    def _qualified(self, node: ast.expr, depth: int) -> tuple[str, ...]:
        match node:
            case ast.Name(id=name):
                return self._candidates(name, depth)
            case ast.Attribute(value=base, attr=attribute):
                return tuple(f"{each}.{attribute}" for each in self._qualified(base, depth))
            case ast.Subscript(value=base):
                return self._qualified(base, depth)
            case ast.Constant(value=str(text)):
                if not text.lstrip()[:1].isidentifier():
                    return ()
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")  # a text need not be an annotation, nor Python
                        return self._qualified(ast.parse(text, mode="eval").body, depth)
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    return ()  # an annotation that is no expression names nothing
        return ()


def module_names(tree: ast.Module, module: str, *, is_package: bool = False) -> ModuleNames:
    """Read the global names of ``tree``, including those bound under a top-level ``if``, ``try`` or ``with``."""
    package = module if is_package else module.rpartition(".")[0]
    names = ModuleNames(module, package)
    for statement in top_statements(tree.body):
        read = _READERS.get(statement.__class__)
        if read is not None:
            read(statement, names)
    return names


_INNER: dict[type[ast.AST], tuple[str, ...]] = {
    ast.If: ("body", "orelse"),
    ast.For: ("body", "orelse"),
    ast.With: ("body",),
    ast.Try: ("body", "handlers", "orelse", "finalbody"),
    ast.ExceptHandler: ("body",),
}
"""Where the statements stand that run when a compound statement of a module does."""


def top_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when the module is imported, also those inside compound statements."""
    waiting: list[ast.AST] = [*reversed(body)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        for part in reversed(_INNER.get(node.__class__, ())):
            waiting += getattr(node, part)[::-1]


def imported(node: ast.Import | ast.ImportFrom, package: str) -> list[tuple[str, str]]:
    """The names that an import binds, each with its absolute qualified name; ``*`` binds none that we know."""
    if isinstance(node, ast.Import):
        return [(a.asname, a.name) if a.asname else ((root := a.name.partition(".")[0]), root) for a in node.names]
    base = node.module or ""
    if node.level:
        parents = package.split(".") if package else []
        kept = parents[: len(parents) - (node.level - 1)]
        base = ".".join([*kept, *([base] if base else [])])
    return [(a.asname or a.name, f"{base}.{a.name}" if base else a.name) for a in node.names if a.name != "*"]


def _import(statement: ast.Import | ast.ImportFrom, names: ModuleNames) -> None:
    for name, qualified in imported(statement, names.package):
        known = names.imports.get(name, ())
        if qualified not in known:
            names.imports[name] = (*known, qualified)


def _function(statement: FunctionNode, names: ModuleNames) -> None:
    names.functions[statement.name] = statement


def _class(statement: ast.ClassDef, names: ModuleNames) -> None:
    names.classes[statement.name] = statement


def _assign(statement: ast.Assign, names: ModuleNames) -> None:
    match statement.targets, statement.value:
        case [ast.Name(id=name)], ast.Name() | ast.Attribute() as value:
            if name in names.aliases or name in names.bound:
                names.bound.add(name)
            else:
                names.aliases[name] = value
        case [ast.Name(id=name)], ast.Call(func=callee) if name not in names.bound:
            names.instances[name] = callee
            names.bound.add(name)
        case targets, _:
            for target in targets:
                for bound in _mentioned(target):
                    names.bound.add(bound)
                    names.instances.pop(bound, None)


def _set(statement: ast.AnnAssign | ast.AugAssign, names: ModuleNames) -> None:
    if isinstance(statement.target, ast.Name):
        names.bound.add(statement.target.id)


def _loop(statement: ast.For, names: ModuleNames) -> None:
    names.bound.update(_mentioned(statement.target))


_READERS: dict[type[ast.AST], Callable[[Any, ModuleNames], None]] = {
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Assign: _assign,
    ast.AnnAssign: _set,
    ast.AugAssign: _set,
    ast.For: _loop,
}
"""What is read of each kind of statement that binds a global name."""


def _mentioned(target: ast.expr) -> list[str]:
    """The names in what is bound, a container's and an index's too."""
    return [target.id] if isinstance(target, ast.Name) else [n.id for n in walk(target) if isinstance(n, ast.Name)]
