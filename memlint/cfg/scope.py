"""Which names a function binds, declares elsewhere, and lends to its nested functions."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from memlint.cfg.graph import CodeNode

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


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
    pending = [root]
    while pending:
        node = pending.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                scope.bound.add(name)
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
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            scope.captured |= free_names(node)
            pending.extend(_evaluated_outside(node))
        else:
            pending.extend(ast.iter_child_nodes(node))


def _evaluated_outside(node: ast.AST) -> list[ast.AST]:
    """The parts of a nested definition that the enclosing function evaluates."""
    parts: list[ast.AST] = list(getattr(node, "decorator_list", ()))
    if isinstance(node, ast.ClassDef):
        parts += [*node.bases, *(k.value for k in node.keywords)]
    elif isinstance(node, _FUNCTIONS):
        parts += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
    return parts


def free_names(node: ast.AST) -> frozenset[str]:
    """Every name that a nested definition mentions and does not bind as its own parameter or local."""
    mentioned: set[str] = set()
    own: set[str] = set()
    declared: set[str] = set()
    for child in ast.walk(node):
        match child:
            case ast.Name(id=name, ctx=ast.Load()):
                mentioned.add(name)
            case ast.Name(id=name):
                own.add(name)
            case ast.Nonlocal(names=names):
                declared.update(names)
            case ast.arg(arg=name):
                own.add(name)
    return frozenset((mentioned - own) | declared)
