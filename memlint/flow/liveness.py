"""What may still be read: states that differ only in what nobody reads again behave alike, and are one state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
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
    bits: dict[Item, int] = {}
    for reads, looks, _, _ in every:
        for item in (*reads, *looks):
            if item not in bits:
                bits[item] = 1 << 2 * len(bits)
    slots = {item for item in bits if item.__class__ is int}
    live: list[int] = []
    passed: list[int] = []
    for reads, looks, bound, made in every:
        live.append(_mask(reads, bits) | (_mask(looks, bits) << 1 if looks else 0))
        passed.append(~((_mask(bound, bits) | _mask(slots & made, bits)) * 3) if slots or bound else -1)
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
) -> tuple[set[Item], Sequence[Item], Collection[str], AbstractSet[Slot]]:
    """What a block reads as it was when it began, what it looks at, and the variables and the slots that it sets."""
    reads: set[Item] = set()
    looks: list[Item] = []
    bound: set[str] = set()
    made: set[Slot] = set()
    for i in block.instructions:
        kind = i.__class__
        if kind is ir.Load:
            if i.name not in bound:  # type: ignore[union-attr]
                reads.add(i.name)  # type: ignore[union-attr]
                if i.target in telling:  # type: ignore[union-attr]
                    looks.append(i.name)  # type: ignore[union-attr]
            made.add(i.target)  # type: ignore[union-attr]
        elif kind is ir.Call:
            if i.callee not in made:  # type: ignore[union-attr]
                reads.add(i.callee)  # type: ignore[union-attr]
            for slot, _ in i.arguments:  # type: ignore[union-attr]
                if slot not in made:
                    reads.add(slot)
            for _, slot in i.keywords:  # type: ignore[union-attr]
                if slot not in made:
                    reads.add(slot)
            made.add(i.target)  # type: ignore[union-attr]
        elif kind is ir.Constant:
            made.add(i.target)  # type: ignore[union-attr]
        elif kind is ir.GetAttribute:
            if i.base not in made:  # type: ignore[union-attr]
                reads.add(i.base)  # type: ignore[union-attr]
            made.add(i.target)  # type: ignore[union-attr]
            if i.target in telling:  # type: ignore[union-attr]
                looks.append(attribute(i.name))  # type: ignore[union-attr]
        elif kind is ir.Bind:
            if i.source not in made:  # type: ignore[operator, union-attr]
                reads.add(i.source)  # type: ignore[arg-type, union-attr]
            bound.add(i.name)  # type: ignore[union-attr]
        elif kind is not ir.EndStatement:
            for name in _OPERANDS.get(kind, ()):
                if (read := getattr(i, name)) is not None and read not in made:
                    reads.add(read)
            if kind in _MORE:
                reads.update(place for place in _more(i) if place not in made and place not in bound)
            if kind is ir.Unbind or kind is ir.Import:
                bound.add(i.name)  # type: ignore[union-attr]
            elif kind is ir.Unpack:
                made.update(i.targets)  # type: ignore[union-attr]
            elif (target := getattr(i, "target", None)) is not None:
                made.add(target)
    end = block.end
    if end.__class__ is not ir.Jump:
        for name in _OPERANDS.get(end.__class__, ()):
            if (read := getattr(end, name)) is not None and read not in made:
                reads.add(read)
        looks += [name for name in named_classes(end) if name not in bound]
    return reads, looks, bound, made


_MORE = frozenset({ir.Build, ir.Opaque, ir.Define})


def _more(i: Instruction) -> Iterable[Place]:
    """The places that are read by the rarer instructions that read any number of them."""
    if isinstance(i, ir.Build):
        return [place for place, _ in i.items]
    if isinstance(i, ir.Opaque):
        return i.operands
    return i.captured if isinstance(i, ir.Define) else ()
