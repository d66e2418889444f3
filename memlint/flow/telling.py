"""Which places may tell: where a constant, a class or the result of a call can still decide anything.

A resource matters wherever it is.  Of all other values most are only passed on: a message, a path, a count.  Paths
that differ only in such a value behave alike, although something still reads it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from memlint.catalogue.model import Catalogue, Category, Condition
from memlint.cfg import instructions as ir
from memlint.flow.handing import ENTERING
from memlint.flow.machine import Machine
from memlint.flow.values import Function, Literal, Method, Pair, Result, Suppressor, Symbol, Value

Selected: TypeAlias = frozenset[int | str]
"""Arguments, by position and by keyword."""
EVERY: Selected = frozenset({"*"})
BRANCHES = 6
"""Where a function has fewer tests than this, telling what they tell costs more than following them."""
_PLAIN = frozenset({Literal, Symbol, Result, Function, Suppressor})


def plain(value: Value) -> bool:
    """Whether no resource can be reached by a value, nor told to be held, now or later."""
    kind = value.__class__
    if kind is Pair:
        return all(plain(item) for item in value.items)  # type: ignore[union-attr]
    return kind in _PLAIN or (kind is Method and plain(value.base))  # type: ignore[union-attr]


def attribute(name: str) -> str:
    """The item that stands for an attribute of this name, of whatever object."""
    return f".{name}"


# --- calls that look at their arguments -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curious:
    """The callees that look at the constants and classes among their arguments, by the last word of their names."""

    words: Mapping[str, Selected]
    ending: frozenset[str]
    """Attributes by which a resource ends when they are set, to anything but False."""

    @staticmethod
    def of(catalogue: Catalogue) -> Curious:
        """Those of a catalogue."""
        known = _CURIOUS.get(catalogue.version)
        if known is None:
            known = _CURIOUS[catalogue.version] = Curious(
                _words(catalogue), frozenset(name for kind in catalogue.kinds.values() for name in kind.release_on_set)
            )
        return known

    def asks(self, machine: Machine, call: ast.Call) -> Selected:
        """The arguments that a call may look at."""
        match call.func:
            case ast.Attribute(attr=name):
                return self.words.get(name, _NOTHING)
            case ast.Name(id=name) if name not in machine.graph.locals and name not in machine.graph.outer:
                named = machine.enclosing.get(name) or machine.world.names.candidates(name)
                return _NOTHING.union(*(self.words.get(word, _NOTHING) for word in {name, *map(_last, named)}))
            case _:
                return EVERY  # what it stands for here is not known


_CURIOUS: dict[str, Curious] = {}
_NOTHING: Selected = frozenset()


def _words(catalogue: Catalogue) -> dict[str, Selected]:
    words: defaultdict[str, set[int | str]] = defaultdict(set)
    for name, entries in (*catalogue.acquires.items(), *catalogue.methods.items()):
        for entry in entries:
            words[_last(name)] |= _selected((*entry.when, *entry.unless)) | {"file", "fileobj", 0}
    for name, quiet in catalogue.quiets.items():
        words[_last(name)] |= _selected(quiet.unless)
    for name in catalogue.suppresses:
        words[_last(name)] |= EVERY
    for kind in catalogue.kinds.values():
        for name in kind.release if kind.category is Category.PROCESS else ():
            words[name] |= {"timeout", 0, 1}
    for name in ENTERING:
        words[name].add(0)
    words["cast"].add(1)
    words["encode"] |= {"encoding", 0}
    for name, meant in catalogue.aliases.items():
        words[_last(name)] |= words.get(_last(meant), set())
    return {word: frozenset(selected) for word, selected in words.items() if selected}


def _selected(conditions: Iterable[Condition]) -> set[int | str]:
    found: set[int | str] = set()
    for each in conditions:
        found.add(each.argument)
        if each.position is not None:
            found.add(each.position)
    return found


def _last(qualified: str) -> str:
    return qualified.rpartition(".")[2]


# --- places -----------------------------------------------------------------------------------------------------------


def telling_places(machine: Machine) -> frozenset[ir.Place]:
    """The places of a function's graph whose constants, classes and results are looked at somewhere.

    An attribute stands in it by :func:`attribute`.
    """
    graph, curious = machine.graph, Curious.of(machine.world.catalogue)
    looked: list[ir.Place] = list(graph.parameters[:1])  # the object or the class that a method belongs to
    passed: defaultdict[ir.Place, list[ir.Place]] = defaultdict(list)
    for block in graph.blocks:
        for i in block.instructions:
            kind = i.__class__
            if kind in _LOOKED:
                looked += _looked(i, curious, machine)
            if kind in _PASSING:
                passed[i.target] += [getattr(i, name) for name in _PASSING[kind]]  # type: ignore[union-attr]
            if kind in _OTHERWISE:
                for target, sources in _handed_on(i):
                    passed[target] += sources
        match block.end:
            case ir.Branch(place=slot) | ir.Resume(manager=int(slot)):
                looked.append(slot)
            case ir.Advance(target=target, iterator=iterator):
                passed[target].append(iterator)
        looked += named_classes(block.end)
    found: set[ir.Place] = set()
    while looked:
        place = looked.pop()
        if place not in found:
            found.add(place)
            looked += passed.get(place, ())
    return frozenset(found)


_LOOKED = frozenset({ir.Call, ir.SetAttribute, ir.GetItem, ir.SetItem, ir.Await, ir.SetReturn, ir.Include})
"""Instructions that may look at a plain value themselves, and do not only pass it on."""
_PASSING: Mapping[type, tuple[str, ...]] = {
    ir.Load: ("name",),
    ir.GetAttribute: ("base",),
    ir.Move: ("source",),
    ir.GetItem: ("base",),
    ir.Compare: ("left", "right"),
    ir.Negate: ("source",),
    ir.Iterate: ("source",),
    ir.Enter: ("manager",),
}
"""The places from which an instruction's target may take over a value."""
_OTHERWISE = frozenset({ir.Bind, ir.GetAttribute, ir.SetAttribute, ir.Opaque, ir.Build, ir.Unpack})


def _looked(i: ir.Instruction, curious: Curious, machine: Machine) -> list[ir.Place]:
    match i:
        case ir.Call():
            return [i.callee, *_asked(i, curious.asks(machine, i.node))]
        case ir.SetAttribute():
            return [i.base, i.source] if i.name in curious.ending else [i.base]
        case ir.GetItem():
            return [i.key]
        case ir.SetItem():
            return [i.base]
        case ir.Await() | ir.SetReturn():
            return [] if i.source is None else [i.source]
        case ir.Include():
            return [i.container]
        case _:
            return []


def _asked(i: ir.Call, selected: Selected) -> Iterator[ir.Place]:
    if selected:
        for index, (place, _) in enumerate(i.arguments):
            if index in selected or "*" in selected:
                yield place
        for name, place in i.keywords:
            if name in selected or "*" in selected:
                yield place


def _handed_on(i: ir.Instruction) -> Iterator[tuple[ir.Place, list[ir.Place]]]:
    match i:
        case ir.Bind():
            yield i.name, [i.source]
        case ir.GetAttribute():
            yield i.target, [attribute(i.name)]
        case ir.SetAttribute():
            yield attribute(i.name), [i.source]
        case ir.Opaque():
            yield i.target, list(i.operands)
        case ir.Build():
            yield i.target, [place for place, _ in i.items]
        case ir.Unpack():
            for target in i.targets:
                yield target, [i.source]


def named_classes(end: ir.Terminator | None) -> list[str]:
    """The variables by which the end of a block names classes, with the attributes that are read from them."""
    classes: list[ast.expr] = []
    if isinstance(end, ir.Dispatch):
        classes = [each for clause in end.clauses for each in clause.classes or ()]
    elif isinstance(end, ir.Raise) and end.classes is not None:
        classes = [end.classes]
    names = []
    for each in classes:
        while isinstance(each, ast.Attribute):
            names.append(attribute(each.attr))
            each = each.value
        if isinstance(each, ast.Name):
            names.append(each.id)
    return names
