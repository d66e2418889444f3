"""Containers that only grow: what is one, what adds to it, what takes away from it, and what bounds it.

The analysis is of a file's text alone: a *root* lives as long as the process, an *insertion* stands in code that can
run any number of times, and nothing in the file removes, rebinds, bounds or hands out the container.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from memlint.source.names import ModuleNames

GROWING = frozenset({
    "builtins.list", "builtins.dict", "builtins.set", "builtins.bytearray",
    "collections.defaultdict", "collections.OrderedDict", "collections.Counter", "collections.deque",
})  # fmt: skip
"""Calls that make a container without a bound (a deque's is looked for)."""

BOUND_TO_CONTAINER = re.compile(
    rb"=\s*(?:[\[{]|(?:\w+\.)?(?:list|dict|set|bytearray|defaultdict|OrderedDict|Counter|deque)\s*\()"
)
"""What stands in every file that binds a container."""
ADDS = frozenset({"append", "appendleft", "add", "extend", "extendleft", "insert", "setdefault", "update"})
REMOVES = frozenset({
    "clear", "difference_update", "discard", "intersection_update", "move_to_end", "pop", "popitem",
    "popleft", "remove", "subtract",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Insertion:
    """One place that adds to a container."""

    node: ast.AST
    line: int
    key: ast.expr | None
    """What decides whether it is a new entry: a mapping's key, a set's element; None where each one is new."""

    @property
    def varies(self) -> bool:
        """Whether the entry is another one at another time: a constant key is always the same entry."""
        return self.key is None or not all(
            isinstance(each, (ast.Constant, ast.Tuple, ast.UnaryOp, ast.unaryop, ast.expr_context))
            for each in ast.walk(self.key)
        )


def container(value: ast.expr | None, names: ModuleNames) -> str | None:
    """The kind of an empty-or-not container that a display or a call makes, when nothing bounds it."""
    match value:
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Call(func=func, args=arguments, keywords=keywords):
            for name in names.qualified(func):
                if name not in GROWING:
                    continue
                if name == "collections.deque" and (len(arguments) > 1 or any(k.arg == "maxlen" for k in keywords)):
                    continue
                return name.rpartition(".")[2]
    return None


def reference(node: ast.AST) -> str | None:
    """``name`` or ``name.attribute`` as text; None for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return f"{name}.{attribute}"
    return None


def mentions(nodes: Iterable[ast.AST], wanted: Container[str]) -> Iterator[tuple[str, ast.AST]]:
    """The calls, assignments and other nodes that could add or remove, each with a wanted container that it names."""
    for node in nodes:
        if isinstance(node, ast.Global):
            names = set(node.names)
        elif isinstance(node, _SPEAKING):
            names = {name for child in ast.iter_child_nodes(node) for name in _named(child)}
        else:
            continue
        for name in names:
            if name in wanted:
                yield name, node


_SPEAKING = (
    ast.Call, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.Delete, ast.Return, ast.Yield, ast.keyword,
    ast.Tuple, ast.List,
)  # fmt: skip


def _named(node: ast.AST) -> Iterator[str]:
    """The references at the head of a short chain: ``c``, ``c[k]``, ``c.append``, ``c[k].append``, ``*c``."""
    for _ in range(4):
        name = reference(node)
        if name is not None:
            yield name
        if not isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.keyword)):
            return
        node = node.value


def insertions(nodes: Iterable[ast.AST], of: str) -> Iterator[Insertion]:
    """The nodes that add to the container that ``of`` refers to."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=method), args=arguments) if method in ADDS and _of(
                value, of
            ):
                yield Insertion(node, node.lineno, _key(method, value, arguments, of))
            case ast.Assign(targets=targets):
                for target in targets:
                    yield from _stored(target, of)
            case ast.AnnAssign(target=target, value=ast.expr()) | ast.AugAssign(target=target):
                yield from _stored(target, of)
            case ast.AugAssign(op=ast.Add() | ast.BitOr(), target=target) if _of(target, of):
                yield Insertion(node, node.lineno, None)


def _stored(target: ast.expr, of: str) -> Iterator[Insertion]:
    match target:
        case ast.Subscript(value=value, slice=key) if _of(value, of) and not isinstance(key, ast.Slice):
            yield Insertion(target, target.lineno, key)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from _stored(element, of)


def _key(method: str, value: ast.expr, arguments: list[ast.expr], of: str) -> ast.expr | None:
    """What decides whether a call of an adding method makes a new entry."""
    if method in ("add", "setdefault") and arguments and reference(value) == of:
        return arguments[0]
    if method == "update" and arguments and isinstance(arguments[0], ast.Dict) and reference(value) == of:
        keys = [key for key in arguments[0].keys if key is not None]
        return ast.Tuple(keys, ast.Load()) if len(keys) == len(arguments[0].keys) else None
    return None


def _of(node: ast.expr, of: str) -> bool:
    """Whether ``node`` is the container or, as ``container[key]`` of a mapping of containers, a part of it."""
    if reference(node) == of:
        return True
    return isinstance(node, ast.Subscript) and reference(node.value) == of


def removes(node: ast.AST, of: str) -> bool:
    """Whether ``node`` takes something out of the container that ``of`` refers to."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=method)):
            return method in REMOVES and _of(value, of)
        case ast.Delete(targets=targets):
            return any(isinstance(t, ast.Subscript) and _of(t.value, of) for t in targets)
        case ast.Assign(targets=targets):
            return any(
                isinstance(t, ast.Subscript) and isinstance(t.slice, ast.Slice) and _of(t.value, of) for t in targets
            )
    return False
