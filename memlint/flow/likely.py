"""Whether a unit could acquire anything, told from its syntax before its graph is built.

The prefilter knows bytes: ``self.open()`` and ``signal.connect()`` are hits as good as any other.  Here
each call that stands on such a line is named as the analysis would name it; a unit without one that could acquire is
done.  Whenever syntax does not tell, the answer is yes.
"""

from __future__ import annotations

import ast
import enum
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from memlint.catalogue.model import Catalogue
from memlint.flow.callees import believed
from memlint.flow.summaries import Summary
from memlint.flow.units import Unit, enclosing_names
from memlint.source.names import ModuleNames
from memlint.source.walk import children, walk

_FUNCTIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda})


@dataclass(frozen=True, slots=True)
class _Symbol:
    """A module, function or class, by its possible qualified names."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Instance:
    """What one of these classes made."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Path:
    """A variable, or a chain of attributes on one, of which nothing else is known."""

    text: str


class _Vague(enum.Enum):
    """What can be said of other values."""

    NOTHING = "nothing"
    """Whatever is called on it acquires nothing."""
    ANYTHING = "anything"


_NOTHING, _ANYTHING = _Vague.NOTHING, _Vague.ANYTHING
_Known = _Symbol | _Instance | _Path | _Vague


@dataclass
class Likely:
    """Looks at one unit."""

    unit: Unit
    names: ModuleNames
    catalogue: Catalogue
    summary: Callable[[tuple[str, ...]], Summary | None]
    field_types: Callable[[str, str], tuple[str, ...]]
    giving: Collection[str]
    """Names of functions and properties of the file that are known to give a resource."""
    _stored: set[str] = field(default_factory=set)

    def acquires(self, lines: Sequence[int]) -> bool:
        """Whether a call (or the read of a property) on one of the lines could acquire."""
        return any(
            self._may_call(node.func) if isinstance(node, ast.Call) else node.attr in self.giving
            for node in _asked(self.unit, lines)
        )

    def _may_call(self, callee: ast.expr) -> bool:
        match callee:
            case ast.Attribute(value=base, attr=name):
                known = self._value(base)
                match known:
                    case _Symbol(names) | _Instance(names):
                        return self._by_name(tuple(f"{each}.{name}" for each in names))
                    case _Path(text):
                        return self._by_path(text, name)
                return known is _ANYTHING
            case ast.Name():
                known = self._value(callee)
                if isinstance(known, _Path) and known.text == self._receiver:
                    return self._by_name((f"{self.names.module}.{self.unit.owner}",))  # a class method builds its class
                return self._by_name(known.names) if isinstance(known, _Symbol) else known is _ANYTHING
        return True

    def _by_name(self, names: tuple[str, ...]) -> bool:
        known = self.summary(names)
        if known is not None:
            return bool(known.gives)
        if any(self.catalogue.resolve(name) in self.catalogue.acquires for name in names):
            return True
        handed_on, _, word = names[0].rpartition(".") if names else ("", "", "")
        entries = self.catalogue.methods.get(word, ())
        return any(not entry.receiver and believed(handed_on, entry.receivers) for entry in entries)

    def _by_path(self, receiver: str, name: str) -> bool:
        """Whether a method of something unknown acquires: one of this object's own, or one that is believed."""
        if receiver == self._receiver:
            known = self.summary((f"{self.names.module}.{self.unit.owner}.{name}",))
            if known is not None and known.gives:
                return True
        return any(believed(receiver, entry.receivers) for entry in self.catalogue.methods.get(name, ()))

    # --- values --------------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> _Known:
        match node:
            case ast.Name(id=name):
                return self._variable(name)
            case ast.Attribute(value=base, attr=name):
                return self._attribute(self._value(base), name)
            case ast.Subscript(value=base):
                known = self._value(base)
                return known if isinstance(known, _Symbol) or known is _ANYTHING else _NOTHING
            case ast.Call(func=callee):
                return self._result(self._value(callee))
            case ast.Constant() | ast.JoinedStr():
                return _NOTHING
        return _ANYTHING

    def _variable(self, name: str) -> _Known:
        if name in self._bound:
            return _ANYTHING
        if name in self._parameters:
            annotation = self._parameters[name]
            classes = self.names.qualified(annotation) if annotation is not None else ()
            return _Instance(classes) if classes else _Path(name)
        if name in self._around:
            return _Symbol(self._around[name]) if self._around[name] else _Path(name)
        candidates = self.names.candidates(name)
        if candidates:
            return _Symbol(candidates)
        types = self.catalogue.result_types(self.names.instance(name))
        return _Instance(types) if types else _Path(name)

    def _attribute(self, base: _Known, name: str) -> _Known:
        match base:
            case _Symbol(names):
                return _Symbol(tuple(f"{each}.{name}" for each in names))
            case _Path(text):
                if name in self._stored:
                    return _ANYTHING
                if text == self._receiver:
                    types = self.field_types(f"{self.names.module}.{self.unit.owner}", name)
                    if types:
                        return _Instance(types)
                return _Path(f"{text}.{name}")
        return base if base is _ANYTHING else _NOTHING

    def _result(self, callee: _Known) -> _Known:
        if not isinstance(callee, _Symbol):
            return _ANYTHING if callee is _ANYTHING else _NOTHING
        resolved = tuple(self.catalogue.resolve(name) for name in callee.names)
        if "typing.cast" in resolved or any(name in self.catalogue.acquires for name in resolved):
            return _ANYTHING
        if self.summary(callee.names) is not None:
            return _NOTHING
        known = tuple(self.catalogue.returns[name].type for name in resolved if name in self.catalogue.returns)
        return _Instance(known or resolved)

    @cached_property
    def _receiver(self) -> str | None:
        """The name of the method's first parameter."""
        return next(iter(self._parameters), None) if self.unit.owner is not None else None

    @cached_property
    def _parameters(self) -> dict[str, ast.expr | None]:
        """The annotations of the parameters, by name."""
        arguments = getattr(self.unit.node, "args", None)
        if arguments is None:
            return {}
        named = {each.arg: each.annotation for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        return named | {each.arg: None for each in (arguments.vararg, arguments.kwarg) if each is not None}

    @cached_property
    def _around(self) -> dict[str, tuple[str, ...]]:
        return enclosing_names(self.unit.enclosing, self.names.package) if self.unit.enclosing else {}

    @cached_property
    def _bound(self) -> set[str]:
        """Every name that is bound below the unit, also in nested functions; fills in the attributes that are set."""
        bound: set[str] = set()
        for node in walk(*_body(self.unit)):
            kind = node.__class__
            if kind is ast.Name:
                if node.ctx.__class__ is not ast.Load:  # type: ignore[attr-defined]
                    bound.add(node.id)  # type: ignore[attr-defined]
            elif kind is ast.Attribute:
                if node.ctx.__class__ is not ast.Load:  # type: ignore[attr-defined]
                    self._stored.add(node.attr)  # type: ignore[attr-defined]
            elif kind is ast.Import or kind is ast.ImportFrom:
                bound.update(each.asname or each.name.partition(".")[0] for each in node.names)  # type: ignore[attr-defined]
            else:
                name = getattr(node, "name", None) or getattr(node, "rest", None)
                if name.__class__ is str:
                    bound.add(name)
        return bound


def _body(unit: Unit) -> Sequence[ast.stmt]:
    if unit.only is not None:
        return unit.only
    assert not isinstance(unit.node, ast.Lambda)
    return unit.node.body


def _asked(unit: Unit, lines: Sequence[int]) -> Iterator[ast.Call | ast.Attribute]:
    """The calls whose callee ends on one of the lines, and the attributes read there, outside nested functions."""
    waiting: list[ast.AST] = list(_body(unit))
    while waiting:
        node = waiting.pop()
        kind = node.__class__
        if kind in _FUNCTIONS or kind is ast.ClassDef:
            waiting += _evaluated(node)
            continue
        if isinstance(node, ast.expr | ast.stmt) and not _covers(lines, node.lineno, node.end_lineno):
            continue
        if isinstance(node, ast.JoinedStr):  # before Python 3.12 what stands in one has no reliable place
            yield from (each for each in walk(node) if isinstance(each, ast.Call | ast.Attribute))
            continue
        if isinstance(node, ast.Call):
            if _covers(lines, node.func.end_lineno or 0, node.func.end_lineno):
                yield node
        elif isinstance(node, ast.Attribute) and _covers(lines, node.end_lineno or 0, node.end_lineno):
            yield node
        waiting += children(node)


def _evaluated(node: ast.AST) -> list[ast.AST]:
    """What the making of a nested function or class evaluates."""
    arguments = getattr(node, "args", None)
    defaults = [] if arguments is None else [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    return [*getattr(node, "decorator_list", ()), *getattr(node, "bases", ()), *defaults]


def _covers(lines: Sequence[int], first: int, last: int | None) -> bool:
    return bisect_left(lines, first) < bisect_right(lines, last or first)
