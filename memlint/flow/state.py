"""One state of the analysis: what one path has made of the function's variables and obligations."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from memlint.cfg.instructions import Slot
from memlint.flow.exceptions import Flight
from memlint.flow.sites import Mark, Trail
from memlint.flow.values import (
    UNKNOWN,
    Bag,
    Closing,
    Element,
    Handle,
    Literal,
    Method,
    Pair,
    Running,
    Taken,
    Turned,
    Value,
    View,
    parts,
)

REACHING = frozenset({Handle, Pair, Bag, Element, Method, Closing, Turned})
"""The values by which a resource can still be reached."""


class Status(enum.Enum):
    """Where an obligation stands."""

    HELD = "held"
    RELEASED = "released"
    GONE = "gone"
    """Transferred to another owner."""
    LENT = "lent"
    """Handed to an unknown callee, which counts as its owner unless this function goes on to release it."""

    __hash__ = object.__hash__  # a member is itself only; the library's own hash is a call of Python's


Key: TypeAlias = tuple[
    frozenset[tuple[str, Value]],
    frozenset[tuple[Slot, Value]],
    frozenset[tuple[Handle, Status]],
    frozenset[tuple[int, frozenset[Handle]]],
    frozenset[tuple[str, bool]],
    tuple[object, ...],
    object,
    Value | None,
    frozenset[Handle],
    frozenset[Handle],
]
"""What two states must share to behave alike."""
_EMPTY: frozenset[Any] = frozenset()
_OWED = frozenset({Status.HELD, Status.LENT})


@dataclass(slots=True)
class State:
    """Mutable while a block is executed; :meth:`key` is its frozen form."""

    places: dict[str, Value] = field(default_factory=dict)
    """What is known of variables, and of attributes by their dotted paths; a missing one is unknown."""
    slots: dict[Slot, Value] = field(default_factory=dict)
    """What is known of temporaries and pinned places."""
    status: dict[Handle, Status] = field(default_factory=dict)
    bags: dict[int, frozenset[Handle]] = field(default_factory=dict)
    """What each local container owns."""
    facts: dict[str, bool] = field(default_factory=dict)
    """Outcomes of tests, by their source text; dropped when a name in them is bound anew."""
    handling: tuple[Flight, ...] = ()
    """Exceptions being handled, innermost last."""
    flight: Flight | None = None
    """The exception on its way to a handler."""
    returning: Value | None = None
    failed: frozenset[Handle] = frozenset()
    """Resources that were held when an exception started; a later loss of one is an error path's."""
    idle: frozenset[Handle] = frozenset()
    """Resources that hold nothing until they are used, and were not used yet."""
    trail: Trail | None = None

    def copy(self) -> State:
        """An independent state with the same content."""
        return State(
            self.places.copy(),
            self.slots.copy(),
            self.status.copy(),
            self.bags.copy(),
            self.facts.copy(),
            self.handling,
            self.flight,
            self.returning,
            self.failed,
            self.idle,
            self.trail,
        )

    def forget_differences(self, others: Iterable[Key]) -> None:
        """Become what this state, which owes nothing, has in common with others at the same place."""
        places, slots = set(self.places.items()), set(self.slots.items())
        for other in others:
            places &= other[0]
            slots &= other[1]
        self.places, self.slots = dict(places), dict(slots)
        self.status = {}
        self.bags = {}
        self.facts = {}
        self.failed = frozenset()
        self.idle = frozenset()

    def key(self) -> Key:
        """Equal for states that behave alike; the trail does not count."""
        return (
            frozenset(self.places.items()),
            frozenset(self.slots.items()) if self.slots else _EMPTY,
            frozenset(self.status.items()) if self.status else _EMPTY,
            frozenset(self.bags.items()) if self.bags else _EMPTY,
            frozenset(self.facts.items()) if self.facts else _EMPTY,
            tuple([flight.key for flight in self.handling]) if self.handling else (),
            None if self.flight is None else self.flight.key,
            self.returning,
            self.failed,
            self.idle,
        )

    def mark(self, mark: Mark) -> None:
        """Add a step to the path."""
        self.trail = Trail.extend(self.trail, mark)

    # --- reachability --------------------------------------------------------------------------------------------

    def handles(self, value: Value | None) -> Collection[Handle]:
        """The resources that whoever has ``value`` can still release."""
        kind = value.__class__
        if kind is Handle:
            return (value,)  # type: ignore[return-value]
        if kind not in REACHING:
            return ()
        if kind is Bag:
            return self.bags.get(value.number, ())  # type: ignore[union-attr]
        if kind is Element:
            return self.bags.get(value.bag, ())  # type: ignore[union-attr]
        within = parts(value)  # type: ignore[arg-type]
        return self.handles(within[0]) if len(within) == 1 else [h for part in within for h in self.handles(part)]

    def held(self) -> list[Handle]:
        """The obligations still owed, in the order in which they arose."""
        held = Status.HELD
        return [handle for handle, status in self.status.items() if status is held] if self.status else []

    def owes(self) -> bool:
        """Whether anything is held, or lent to a callee that may turn out only to borrow."""
        return bool(self.status) and not _OWED.isdisjoint(self.status.values())

    def referenced(self) -> set[Handle]:
        """Every resource that some place can still reach."""
        found: set[Handle] = set()
        for value in (*self.places.values(), *self.slots.values(), self.returning):
            kind = value.__class__
            if kind is Handle:
                found.add(value)  # type: ignore[arg-type]
            elif kind in REACHING:
                found.update(self.handles(value))
        return found

    # --- change --------------------------------------------------------------------------------------------------

    def set(self, slot: Slot, value: Value) -> None:
        """Give a slot a value; of one that is not there nothing is known."""
        if value is UNKNOWN:
            self.slots.pop(slot, None)
        else:
            self.slots[slot] = value

    def drop_temporaries(self) -> None:
        """Temporaries die; pinned places stay."""
        if self.slots:
            self.slots = {slot: value for slot, value in self.slots.items() if slot < 0}

    def forget_facts(self, name: str) -> None:
        """A variable is bound anew: tests that mention it say nothing any more."""
        if self.facts:
            for text in [t for t in self.facts if mentions(t, name)]:
                del self.facts[text]

    def age(self, fresh: Handle) -> None:
        """A site acquires again: what it acquired before becomes the older instance."""
        if fresh not in self.status:
            return
        older = Handle(fresh.site, older=True)
        before, status = self.status.pop(fresh), self.status.get(older)
        self.status[older] = Status.HELD if Status.HELD in (before, status) else before
        self.places = {place: _renamed(value, fresh, older) for place, value in self.places.items()}
        self.slots = {slot: _renamed(value, fresh, older) for slot, value in self.slots.items()}
        self.bags = {n: frozenset(older if h == fresh else h for h in held) for n, held in self.bags.items()}
        if self.returning is not None:
            self.returning = _renamed(self.returning, fresh, older)
        self.failed = frozenset(older if handle == fresh else handle for handle in self.failed)
        self.idle -= {fresh}

    def answer(self, taken: Taken, *, held: bool) -> None:
        """A test has told whether an acquisition succeeded."""
        if not held:
            self.status.pop(taken.handle, None)
            self.places = {place: value for place, value in self.places.items() if value != taken.handle}
            self.slots = {slot: value for slot, value in self.slots.items() if value != taken.handle}
        answer = Literal.of(held)
        self.places = {place: answer if value == taken else value for place, value in self.places.items()}
        self.slots = {slot: answer if value == taken else value for slot, value in self.slots.items()}

    def sweep(self) -> None:
        """Drop what no place mentions and nobody owes any more, so that equal states look equal."""
        if self.status:
            referenced = self.referenced()
            self.status = {
                handle: status
                for handle, status in self.status.items()
                if status is Status.HELD or handle in referenced
            }
        if self.failed:
            self.failed = self.failed.intersection(self.status)
        if self.idle:
            self.idle = self.idle.intersection(self.status)
        if self.bags:
            used = {v.number if isinstance(v, Bag) else v.bag for v in _every(self) if isinstance(v, (Bag, Element))}
            self.bags = {number: held for number, held in self.bags.items() if number in used and held}


def mentions(text: str, name: str) -> bool:
    """Whether the source text of a test mentions a variable (or a dotted path) as a whole word."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        before = start and (text[start - 1].isalnum() or text[start - 1] in "_.")
        after = end < len(text) and (text[end].isalnum() or text[end] == "_")
        if not before and not after:
            return True
        start = text.find(name, end)
    return False


def _every(state: State) -> Iterator[Value]:
    pending = [*state.places.values(), *state.slots.values()]
    if state.returning is not None:
        pending.append(state.returning)
    while pending:
        value = pending.pop()
        yield value
        pending.extend(parts(value))
        if isinstance(value, View):
            pending.append(value.of)


def _renamed(value: Value, old: Handle, new: Handle) -> Value:
    match value:
        case Handle() if value == old:
            return new
        case View(of):
            return View(_renamed(of, old, new))
        case Pair(items):
            return Pair(tuple(_renamed(item, old, new) for item in items))
        case Method(base, name):
            return Method(_renamed(base, old, new), name)
        case Taken(handle) if handle == old:
            return Taken(new)
        case Closing(handle) if handle == old:
            return Closing(new)
        case Running(of, ended):
            return Running(_renamed(of, old, new), ended)
        case Turned(of):
            return Turned(_renamed(of, old, new))
        case _:
            return value
