"""Which names a function binds, declares elsewhere, and lends to its nested functions."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass, field

from memlint.cfg.graph import CodeNode
from memlint.source.walk import FIELDS, walk

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_NESTED = frozenset({*_FUNCTIONS, ast.ClassDef})
_BINDING = frozenset({
    ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.MatchAs, ast.MatchStar,
    ast.MatchMapping, ast.Yield, ast.YieldFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
})  # fmt: skip


@dataclass(slots=True)
class Scope:
    """The names of one code object."""

    parameters: tuple[str, ...] = ()
    bound: set[str] = field(default_factory=set)
    outer: set[str] = field(default_factory=set)
    captured: set[str] = field(default_factory=set)
    generator: bool = False


def scope_of(node: CodeNode) -> Scope:
    """Read the names of ``node`` from its own statements, not from those of nested functions."""
    scope = Scope()
    if not isinstance(node, ast.Module):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
        scope.parameters = tuple(a.arg for a in every)
        scope.bound.update(scope.parameters)
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    for child in body:
        _visit(child, scope)
    scope.bound -= scope.outer
    return scope


def _visit(root: ast.AST, scope: Scope) -> None:
    pending: list[ast.AST | None] = [root]
    bound, pop, fields = scope.bound, pending.pop, FIELDS
    while pending:
        node = pop()
        if node is None:
            continue  # ``{**a}`` has no key
        kind = node.__class__
        if kind is ast.Name:
            if node.ctx.__class__ is not ast.Load:  # type: ignore[attr-defined]
                bound.add(node.id)  # type: ignore[attr-defined]
            continue
        if kind in _BINDING:
            _bind(node, scope)
        if kind in _NESTED:
            scope.captured |= free_names(node)
            pending += _evaluated_outside(node)
            continue
        for name in fields[kind]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                pending += value
            elif value is not None:
                pending.append(value)


def _bind(node: ast.AST, scope: Scope) -> None:
    match node:
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            scope.outer.update(names)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            scope.bound.update((a.asname or a.name.partition(".")[0]) for a in aliases)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            scope.bound.add(name)
        case ast.MatchMapping(rest=str(name)):
            scope.bound.add(name)
        case ast.Yield() | ast.YieldFrom():
            scope.generator = True
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            scope.bound.add(node.name)


def _evaluated_outside(node: ast.AST) -> list[ast.AST]:
    """The parts of a nested definition that the enclosing function evaluates."""
    parts: list[ast.AST] = list(getattr(node, "decorator_list", ()))
    if isinstance(node, ast.ClassDef):
        parts += [*node.bases, *(k.value for k in node.keywords)]
    elif isinstance(node, _FUNCTIONS):
        parts += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
    return parts


@functools.lru_cache(maxsize=32)
def free_names(node: ast.AST) -> frozenset[str]:
    """Every name that a nested definition mentions and does not bind as its own parameter or local.

    Those of the last few are kept: they are asked for where the definition is made and where its scope is read.
    """
    mentioned: set[str] = set()
    own: set[str] = set()
    declared: set[str] = set()
    for child in walk(node):
        kind = child.__class__
        if kind is ast.Name:
            (mentioned if child.ctx.__class__ is ast.Load else own).add(child.id)  # type: ignore[attr-defined]
        elif kind is ast.arg:
            own.add(child.arg)  # type: ignore[attr-defined]
        elif kind is ast.Nonlocal:
            declared.update(child.names)  # type: ignore[attr-defined]
    return frozenset((mentioned - own) | declared)
