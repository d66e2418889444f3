"""What a class says of its fields anywhere in its body, by one look at it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from memlint.source.walk import walk

CLOSERS = frozenset(
    {
        "close", "aclose", "stop", "shutdown", "disconnect", "__exit__", "__aexit__", "__del__", "tearDown",
        "asyncTearDown", "tearDownClass", "terminate", "quit", "teardown", "teardown_method", "dispose", "cleanup",
        "clean_up", "release", "destroy", "finalize", "finish", "kill", "_close", "_stop", "_cleanup",
    }
)  # fmt: skip
"""Names of methods that end an object's life."""


@dataclass(slots=True)
class Told:
    """What a class tells, wherever in it."""

    computed: bool = False
    """Whether it reaches its fields by computed names, or has a field that ends its life."""
    closes_itself: bool = False
    """Whether a method ends the object: ``self.close()``, ``super().close()``."""
    fetched: set[object] = field(default_factory=set)
    """What it gets by its name in a text: ``getattr(self, "log", None)``."""
    read: set[str] = field(default_factory=set)
    """The attributes that it reads, of whatever."""
    stored: set[str] = field(default_factory=set)
    """The attributes that it sets, of whatever."""


@dataclass(slots=True)
class Classes:
    """Looks at each class once."""

    _known: dict[ast.ClassDef, Told] = field(default_factory=dict)

    def told(self, node: ast.ClassDef) -> Told:
        """What a class tells."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = _look(node)
        return known


def _look(node: ast.ClassDef) -> Told:
    told = Told()
    for each in walk(node):
        if isinstance(each, ast.Attribute):
            _attribute(each, told)
        elif isinstance(each, ast.Call):
            _call(each, told)
    return told


def _attribute(node: ast.Attribute, told: Told) -> None:
    sets = isinstance(node.ctx, ast.Store)
    if sets:
        told.stored.add(node.attr)
    elif isinstance(node.ctx, ast.Load):
        told.read.add(node.attr)
    if _is(node.value, "self") and (node.attr == "__dict__" or (sets and node.attr in CLOSERS)):
        told.computed = True  # also `self.close = stream.close`


def _call(node: ast.Call, told: Told) -> None:
    match node.func, node.args:
        case ast.Name(id="vars" | "setattr"), _:
            told.computed = True
        case ast.Name(id="getattr"), [_, ast.Constant(value=name), *_]:
            told.fetched.add(name)
        case ast.Name(id="getattr"), [ast.Name(), _, *_]:
            told.computed = True
        case ast.Attribute(value=base, attr=name), _ if name in CLOSERS:
            if _is(base, "self") or (isinstance(base, ast.Call) and _is(base.func, "super")):
                told.closes_itself = True


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
