"""What may still be read: states that differ only in what nobody reads again behave alike, and are one state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from memlint.cfg import instructions as ir
from memlint.cfg.graph import Block, Graph
from memlint.cfg.instructions import Instruction, Place, Slot
from memlint.flow.telling import attribute, named_classes, plain
from memlint.flow.values import Value

Item = Place | tuple[str]
P = TypeVar("P", str, Slot)


@dataclass(frozen=True, slots=True)
class Live:
    """What may be read at or after each block, of what is known when it begins."""

    bits: Mapping[Item, int]
    """One bit for each place, and for each remembered test (by its key, in a tuple)."""
    masks: Sequence[int]
    """The bits of what is live at each block; one to the left of each, whether a plain value there is looked at."""
    telling: Collection[Place] | None = None
    """Places at which plain values are looked at somewhere; None when that was not asked."""
    _known: dict[Place, tuple[int, int]] = field(default_factory=dict)
    """The bits of a place: those of which one must be live, and that which must be for a plain value as well."""

    def dead(self, block: int, places: Mapping[P, Value]) -> list[P]:
        """Those of some places whose values nobody asks for any more."""
        mask, known = self.masks[block], self._known
        found = []
        for place, value in places.items():
            read, looked = known.get(place) or self._bits(place)
            if not mask & read or (not mask & looked and plain(value)):
                found.append(place)
        return found

    def _bits(self, place: Place) -> tuple[int, int]:
        read = self.bits.get(place, 0)
        if isinstance(place, int):
            looked = read if self.telling is None or place in self.telling else 0
        elif "." in place:  # an attribute is read as long as its object is
            base, _, name = place.partition(".")
            read |= self.bits.get(base, 0)
            looked = self.bits.get(attribute(name.rpartition(".")[2]), 0) << 1
        else:
            looked = read << 1
        known = self._known[place] = read, read if self.telling is None else looked
        return known

    def reads(self, block: int, place: Place) -> bool:
        """Whether a place may be read at a block or later."""
        return bool(self.masks[block] & self.bits.get(place, 0))

    def meets(self, block: int, test: str) -> bool:
        """Whether a test that is remembered may be met at a block or later."""
        return bool(self.masks[block] & self.bits.get((test,), 0))


def live_at(
    graph: Graph, ways: Sequence[tuple[int, ...]], repeated: Mapping[int, tuple[str, bool]],
    telling: Collection[Place] | None = None,
) -> Live:  # fmt: skip
    """What may be read, and which remembered tests may be met, at or after each block; ``ways`` are its successors.

    ``telling`` are the places at which plain values are looked at; None: let all be looked at as long as they are read.
    """
    every = [_exposed(block, telling or ()) for block in graph.blocks]
    for block, (reads, _, _, _) in zip(graph.blocks, every, strict=True):
        if block.end.__class__ is ir.Branch and id(block.end.node) in repeated:
            reads.add((repeated[id(block.end.node)][0],))
    items = dict.fromkeys(chain.from_iterable(chain(reads, looks) for reads, looks, _, _ in every))
    bits = {item: 1 << 2 * number for number, item in enumerate(items)}
    passing = {item for item in items if item.__class__ is int}
    live: list[int] = []
    passed: list[int] = []
    for reads, looks, bound, made in every:
        live.append(_mask(reads, bits) | _mask(looks, bits) << 1)
        passed.append(~((_mask(bound, bits) | _mask(passing.intersection(made), bits)) * 3))
    landings = [block.landing for block in graph.blocks]
    order = range(len(live) - 1, -1, -1)
    changed = True
    while changed:
        changed = False
        for number in order:
            before = live[number]
            merged = before | live[landings[number]]  # an exception may start before anything is set
            for each in ways[number]:
                merged |= live[each] & passed[number]
            if merged != before:
                live[number] = merged
                changed = True
        order = order[::-1]  # what lands on an outer block's cleanup goes against the order of their numbers
    return Live(bits, live, telling)


def _mask(found: Iterable[Item], bits: Mapping[Item, int]) -> int:
    mask = 0
    for each in found:
        mask |= bits.get(each, 0)
    return mask


_OPERANDS: Mapping[type, tuple[str, ...]] = {
    ir.Move: ("source",),
    ir.SetAttribute: ("base", "source"),
    ir.GetItem: ("base", "key"),
    ir.SetItem: ("base", "key", "source"),
    ir.Await: ("source",),
    ir.Yield: ("source",),
    ir.Include: ("container", "source"),
    ir.Unpack: ("source",),
    ir.Iterate: ("source",),
    ir.Enter: ("manager",),
    ir.Exit: ("manager",),
    ir.Compare: ("left", "right"),
    ir.Negate: ("source",),
    ir.View: ("source",),
    ir.SetReturn: ("source",),
    ir.Branch: ("place",),
    ir.Advance: ("iterator",),
    ir.Raise: ("source",),
    ir.Resume: ("manager",),
}
"""The fields by which the rarer instructions and the ends of blocks read places."""


def _exposed(
    block: Block, telling: Collection[Place]
) -> tuple[set[Item], Sequence[Item], Collection[str], Sequence[Slot]]:
    """What a block reads as it was when it began, what it looks at, and the variables and the slots that it sets.

    A temporary that a block sets is set before it is read there; of a variable that must be asked.
    """
    reads: set[Item] = set()
    looks: list[Item] = []
    bound: set[str] = set()
    used: list[Slot | None] = []
    made: list[Slot] = []
    for i in block.instructions:
        kind = i.__class__
        if kind is ir.Load:
            if i.name not in bound:  # type: ignore[union-attr]
                reads.add(i.name)  # type: ignore[union-attr]
                if i.target in telling:  # type: ignore[union-attr]
                    looks.append(i.name)  # type: ignore[union-attr]
            made.append(i.target)  # type: ignore[union-attr]
        elif kind is ir.Call:
            used.append(i.callee)  # type: ignore[union-attr]
            used += [place for place, _ in i.arguments]  # type: ignore[union-attr]
            used += [place for _, place in i.keywords]  # type: ignore[union-attr]
            made.append(i.target)  # type: ignore[union-attr]
        elif kind is ir.Constant:
            made.append(i.target)  # type: ignore[union-attr]
        elif kind is ir.GetAttribute:
            used.append(i.base)  # type: ignore[union-attr]
            made.append(i.target)  # type: ignore[union-attr]
            if i.target in telling:  # type: ignore[union-attr]
                looks.append(attribute(i.name))  # type: ignore[union-attr]
        elif kind is ir.Bind:
            used.append(i.source)  # type: ignore[union-attr]
            bound.add(i.name)  # type: ignore[union-attr]
        elif kind is not ir.EndStatement:
            used += [getattr(i, name) for name in _OPERANDS.get(kind, ())]
            used += _more(i)
            reads.update(name for name in getattr(i, "captured", ()) if name not in bound)
            if kind is ir.Unbind or kind is ir.Import:
                bound.add(i.name)  # type: ignore[union-attr]
            made += getattr(i, "targets", ())
            if (target := getattr(i, "target", None)) is not None:
                made.append(target)
    end = block.end
    if end.__class__ is not ir.Jump:
        used += [getattr(end, name) for name in _OPERANDS.get(end.__class__, ())]
        looks += [name for name in named_classes(end) if name not in bound]
    if used:
        reads.update(slot for slot in set(used).difference(made) if slot is not None)
    return reads, looks, bound, made


def _more(i: Instruction) -> list[Slot]:
    """The places that are read by the instructions that read any number of them."""
    if isinstance(i, ir.Build):
        return [place for place, _ in i.items]
    return list(i.operands) if isinstance(i, ir.Opaque) else []
