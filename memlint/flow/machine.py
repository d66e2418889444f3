"""One function under analysis: how obligations arise, move and end on one path.

The machine knows nothing of other paths; ``steps`` and ``calls`` say what each instruction does by its means, and the
solver gives them states and follows where they go.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from memlint.catalogue.model import Acquire, Category, Kind
from memlint.cfg.graph import RAISED, Block, Graph
from memlint.findings import Span, StepKind
from memlint.flow.exceptions import Flight
from memlint.flow.leeway import Leeway
from memlint.flow.meaning import Meaning
from memlint.flow.sites import LOST, ExitKind, Fate, Mark, Outcome, Site, SiteRecord, Trail
from memlint.flow.state import REACHING, State, Status
from memlint.flow.summaries import Given
from memlint.flow.values import (
    ENDINGS,
    UNKNOWN,
    Bag,
    Element,
    Handle,
    Method,
    Pair,
    Taken,
    Value,
    container_number,
)
from memlint.flow.wording import call_text, shortened
from memlint.flow.world import World


@dataclass(frozen=True, slots=True)
class FieldStore:
    """A resource stored in an attribute."""

    site: int
    owner: str
    """Source text of the object: ``self``."""
    attribute: str
    node: ast.AST
    container: bool = False
    """Stored among others in a container that is the attribute."""


@dataclass(slots=True)
class Machine:
    """Executes instructions of one function on states."""

    world: World
    graph: Graph
    lends: bool
    """A context manager or fixture generator: what it yields comes back to it."""
    resumed: bool
    """A fixture: nothing is thrown in at its ``yield``."""
    owner: str | None = None
    """The qualified class whose method this is."""
    receiver: str | None = None
    """The name of the receiver parameter (``self``)."""
    maker: str | None = None
    """The name of the parameter that is the class itself (``cls``)."""
    enclosing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names imported or defined by enclosing functions."""
    records: list[SiteRecord] = field(default_factory=list)
    stores: list[FieldStore] = field(default_factory=list)
    pending: list[tuple[Acquire, ast.Call, str | None]] = field(default_factory=list)
    judging: bool = False
    """Only a parameter's fate is asked for: what the function acquires itself is not followed."""
    landing: int = RAISED
    """Where exceptions of the block being executed land."""
    building: bool = False
    """A constructor or ``__enter__``: if it raises, nobody gets the object that could release its fields."""
    fields: set[int] = field(default_factory=set)
    """Sites whose resource went into a field of the object being built."""
    mocked: bool = False
    """The function replaces ``open`` by a mock."""
    kept: frozenset[tuple[int, int]] = frozenset()
    """Sites whose resource this function goes on owning when it hands it to an unknown callee."""
    reclaimed: set[tuple[int, int]] = field(default_factory=set)
    """Sites that were released or returned here after they had been handed to an unknown callee."""
    shelved: set[int] = field(default_factory=set)
    """Sites whose resource a container in a field of this object holds: whoever it is returned to only uses it."""
    giving: set[int] = field(default_factory=set)
    """Return statements that were seen to give a resource to the caller."""
    withholding: set[int] = field(default_factory=set)
    """Return statements that were seen to give something else."""
    returned: set[tuple[int, int | None]] = field(default_factory=set)
    """(site, position) of what the function hands to its caller."""
    settled: set[Handle] = field(default_factory=set)
    """What was seen to be lost by an exception: a further path says nothing more."""
    _sites: dict[tuple[int, int], int] = field(default_factory=dict)
    _raised: list[State] = field(default_factory=list)
    _cleanup: bool = False
    """The block being executed is part of a ``finally`` or an ``except``."""
    _made_cleaning_up: set[int] = field(default_factory=set)
    _leeway: Leeway = field(init=False)
    block: int = 0
    """Number of the block being executed."""
    silent: frozenset[int] = frozenset()
    """Blocks from which no acquisition can be reached: an exception that finds nothing owed is not followed there."""
    unheard: bool = False
    """Whether there was such an exception."""
    asked: frozenset[str] = frozenset()
    """The tests, by their source text, whose outcomes are remembered."""
    streams: frozenset[str] | None = None
    """The names of streams that blocks of this function opened, once they have been asked for."""
    making: set[int] = field(default_factory=set)
    """Calls, by identity, that make an object that owes nothing."""
    wrapped: dict[int, list[Handle]] = field(default_factory=dict)
    """What the resource of a site wraps, and releases with itself."""
    lenders: dict[Handle, Handle] = field(default_factory=dict)
    """The wrapper, by what it wraps, that owes nothing once that is released (``contextlib.closing``)."""
    by_block: set[int] = field(default_factory=set)
    """Sites whose resource a ``with`` released."""
    returned_open: set[tuple[int, int]] = field(default_factory=set)
    """(site, return statement) of what was held when it was returned."""

    meaning: Meaning = field(init=False)

    def __post_init__(self) -> None:
        self._leeway = Leeway(self.graph.node)
        self.meaning = Meaning(self.world, self.graph, self.enclosing)

    # --- a block -------------------------------------------------------------------------------------------------

    def begin(self, block: Block) -> None:
        """Execution enters a block."""
        self.block = block.number
        self._cleanup = block.cleanup
        self.landing = block.landing

    def take_raised(self) -> list[State]:
        """The states that exceptions left since the last call."""
        raised = self._raised
        if raised:
            self._raised = []
        return raised

    # --- exceptions ----------------------------------------------------------------------------------------------

    def may_raise(
        self, state: State, node: ast.AST, text: str | None, *, kind: ExitKind = ExitKind.RAISE,
        classes: tuple[str, ...] | None = None, held_against: bool = True,
    ) -> None:  # fmt: skip
        """An exception may start at this step; the path that it takes is followed too.

        One that is not ``held_against`` what is owed is followed for what its handlers acquire.  A failure while
        cleaning up after something else is not followed for what was acquired before: the function does what it can
        there.
        """
        if self._cleanup and kind is ExitKind.RAISE and not any(h.site in self._made_cleaning_up for h in state.held()):
            return
        if not state.status:
            if self.landing == RAISED:
                return  # nothing is owed, and nobody catches it
            if self.landing in self.silent and not self.stores:
                self.unheard = True
                return  # nothing is owed, and whoever catches it acquires nothing
        thrown = state.copy()
        if thrown.status and kind is ExitKind.RAISE and (not held_against or self._leeway.knows(node)):
            for handle in [h for h in thrown.held() if not held_against or self._forgives(h, node)]:
                del thrown.status[handle]
        if self._cleanup and kind is ExitKind.RAISE:
            for handle in [h for h in thrown.held() if h.site not in self._made_cleaning_up]:
                del thrown.status[handle]
        self.throw(thrown, Flight(kind, classes, node, text))

    def throw(self, state: State, flight: Flight) -> None:
        """``state`` itself leaves by an exception; what it was about to return goes nowhere."""
        state.flight = flight
        state.returning = None
        held = state.held()
        if held and isinstance(flight.node, ast.Raise):
            for handle in [h for h in held if self._leeway.apart(self.records[h.site].site, flight.node)]:
                del state.status[handle]
            held = state.held()
        if held:
            state.failed |= frozenset(held)
            text = f"{flight.text or f'`{call_text(flight.node)}`'} {flight.kind.value}"
            state.mark(Mark(StepKind.RAISE, flight.node, text, flight.kind))
        state.drop_temporaries()
        self.check_lost(state, flight.node, Fate.RAISED)
        self._raised.append(state)

    def _forgives(self, handle: Handle, raiser: ast.AST) -> bool:
        return self._leeway.forgives(self.records[handle.site].site, raiser)

    # --- obligations ---------------------------------------------------------------------------------------------

    def acquire(
        self, state: State, node: ast.AST, kind: Kind, *, entry: Acquire | None = None, position: int = 0,
        origin: tuple[str, Span] | None = None,
    ) -> Handle:  # fmt: skip
        """A new obligation arises."""
        key = (id(node), position)
        index = self._sites.get(key)
        if index is None:
            index = self._sites[key] = len(self.records)
            text = shortened(node)
            self.records.append(SiteRecord(Site(node, kind, entry, position, text, origin)))
        if self._cleanup:
            self._made_cleaning_up.add(index)
        if kind.category is Category.PROCESS:
            self._leeway.watches = True
        handle = Handle(index)
        state.age(handle)
        state.status[handle] = Status.HELD
        if kind.lazy:
            state.idle |= {handle}
        state.mark(Mark(StepKind.ACQUIRE, node, "acquired here"))
        return handle

    def kind(self, handle: Handle) -> Kind:
        """The kind of a resource."""
        return self.records[handle.site].site.kind

    def release(self, state: State, value: Value, node: ast.AST, text: str = "released here") -> None:
        """Whatever ``value`` can reach is released."""
        if value.__class__ not in REACHING:
            return
        for handle in list(state.handles(value)):
            if state.status.get(handle) is Status.HELD:
                self._note(state, handle, Fate.RELEASED, node, text)
                if not state.handling:
                    self.records[handle.site].released_normally = True
            if handle in state.status:
                self.reclaim(state, handle)
                state.status[handle] = Status.RELEASED
            for inner in self.wrapped.get(handle.site, ()):
                if state.status.get(inner) is Status.GONE:
                    state.status[inner] = Status.RELEASED
            if handle in self.lenders and self.lenders[handle] in state.status:
                state.status[self.lenders[handle]] = Status.RELEASED
        match value:
            case Bag(number) | Element(number):
                state.bags[number] = frozenset()

    def transfer(self, state: State, value: Value | None, node: ast.AST, text: str) -> None:
        """Whatever ``value`` can reach has another owner now."""
        if value.__class__ not in REACHING:
            return
        for handle in list(state.handles(value)):
            if state.status.get(handle) is Status.HELD:
                state.status[handle] = Status.GONE
                self._note(state, handle, Fate.TRANSFERRED, node, text)

    def transfer_fields(self, state: State, node: ast.AST, text: str) -> None:
        """The fields of the object being built are the object's (or someone's) from here on."""
        for handle in state.held():
            if handle.site in self.fields:
                self.transfer(state, handle, node, text)

    @property
    def cleaning_up(self) -> bool:
        """Whether the block being executed is part of a ``finally`` or an ``except``."""
        return self._cleanup

    def ending(self, value: Value) -> Handle | None:
        """The process whose exit code a value is, when it is one."""
        match value:
            case Method(Handle() as handle, name) if name in ENDINGS:
                return handle if self.kind(handle).category is Category.PROCESS else None
        return None

    def lend(self, state: State, value: Value | None, node: ast.AST, text: str) -> None:
        """An unknown callee is given what ``value`` can reach: it takes it, unless we are seen to keep it."""
        if value.__class__ not in REACHING:
            return
        for handle in list(state.handles(value)):
            site = self.records[handle.site].site
            if state.status.get(handle) is Status.HELD and (id(site.node), site.position) not in self.kept:
                state.status[handle] = Status.LENT
                self._note(state, handle, Fate.TRANSFERRED, node, text)

    def reclaim(self, state: State, handle: Handle) -> None:
        """A resource that was lent is released or returned here: the function went on owning it.

        What a handler does is no sign of it: there the function undoes what went wrong.
        """
        if state.status.get(handle) is Status.LENT and not state.handling:
            site = self.records[handle.site].site
            self.reclaimed.add((id(site.node), site.position))

    def lose(self, state: State, handle: Handle, node: ast.AST, fate: Fate, text: str) -> None:
        """The last chance to release has passed."""
        state.status.pop(handle, None)
        record = self.records[handle.site]
        if fate is Fate.DISCARDED and record.subject is not None:
            fate = Fate.UNRELEASED
        raised = None
        if handle in state.failed:
            fate = Fate.RAISED  # also when a handler caught it and went on
            raised = state.trail.raised_since(record.site.node) if state.trail is not None else None
            if handle in state.idle:
                return
            if handle.site in self.fields:
                fate = Fate.HALF_BUILT
        kind = StepKind.LEAVE if state.flight is not None else StepKind.LOSE
        trail = Trail.extend(state.trail, Mark(kind, node, text))
        exit_kind, raiser = (raised.exit, raised.node) if raised is not None else (None, None)
        if raised is None and fate is Fate.RAISED and state.flight is not None:
            exit_kind, raiser = state.flight.kind, state.flight.node  # it was in flight before the acquisition
        record.note(Outcome(fate, node, text, trail, exit_kind, raiser, id(raiser) in self.making))
        if record.settled(fate):
            self.settled |= {Handle(handle.site), Handle(handle.site, older=True)}

    def check_lost(self, state: State, node: ast.AST, fate: Fate) -> None:
        """Find what is owed and can no longer be reached."""
        held = state.held()
        if not held:
            return
        missing = set(held) - state.referenced()
        if not missing:
            return
        if fate is Fate.RAISED and not self.settled.isdisjoint(missing):
            for handle in self.settled.intersection(missing, state.failed):
                del state.status[handle]
                missing.discard(handle)
        for handle in held if missing else ():
            if handle in missing:
                self.lose(state, handle, node, fate, LOST[fate])

    def _note(self, state: State, handle: Handle, fate: Fate, node: ast.AST, text: str) -> None:
        self.records[handle.site].note(Outcome(fate, node, text, state.trail))

    # --- leaving -------------------------------------------------------------------------------------------------

    def leave(self, state: State, *, raised: bool) -> None:
        """Control leaves the function."""
        if not raised and state.returning is not None:
            self._hand_over(state, state.returning)
        if not raised:
            self.transfer_fields(state, self.graph.node, "kept in a field")
        if self.graph.node.__class__ is ast.Module:
            return  # what a module binds lives as long as the process
        held = state.held()
        if not raised:
            for handle in held:
                self.lose(state, handle, self._end(state), Fate.UNRELEASED, "leaves the function without a release")
            return
        assert state.flight is not None
        if state.flight.classes == ("builtins.SystemExit",):
            return  # the process ends, and with it everything that it held
        for handle in held:
            if handle not in self.settled or handle not in state.failed:
                self.lose(state, handle, state.flight.node, Fate.RAISED, "leaves the function without a release")

    def _hand_over(self, state: State, value: Value) -> None:
        items = list(value.items) if isinstance(value, Pair) else [value]
        for index, item in enumerate(items):
            position = index if isinstance(value, Pair) else None
            if self.resumed and isinstance(item, Handle):
                continue  # a fixture's value is used by tests; nobody but the fixture can release it
            if isinstance(item, Handle) and state.status.get(item) is Status.HELD:
                self.returned.add((item.site, position))
        if not self.resumed:
            self.transfer(state, value, self.graph.node, "returned to the caller")

    def _end(self, state: State) -> ast.AST:
        trail = state.trail
        if trail is not None and trail.mark.kind is StepKind.LEAVE:
            return trail.mark.node
        return self.graph.node

    # --- values --------------------------------------------------------------------------------------------------

    def variable(self, name: str, state: State) -> Value:
        """The value of a variable."""
        return state.places.get(name) or self.meaning.variable(name)

    def keep(
        self, state: State, owner: str, attribute: str, value: Value, node: ast.AST, *, container: bool = False
    ) -> None:
        """Remember that resources went into a field of this method's own object."""
        if owner != self.receiver or isinstance(value, Method):
            return  # a method of it is a way to the resource, and not the resource
        for handle in state.handles(value):
            if state.status.get(handle) in (Status.HELD, Status.LENT):
                self.stores.append(FieldStore(handle.site, owner, attribute, node, container))
                if container:
                    self.shelved.add(handle.site)

    def keep_unbuilt(self, site: int) -> None:
        """The resource of a site is in a field of the object being built: what loses it now is another fate."""
        if site not in self.fields:
            self.fields.add(site)
            self.settled -= {Handle(site), Handle(site, older=True)}

    def include(self, state: State, bag: Bag, value: Value) -> None:
        """A local container becomes the owner of what ``value`` reaches."""
        added = frozenset(state.handles(value))
        if added:
            state.bags[bag.number] = state.bags.get(bag.number, frozenset()) | added

    def awaited(self, state: State, call: int) -> Value:
        """A pending acquisition is awaited: now the resource exists."""
        entry, node, receiver = self.pending[call]
        return self.result(state, entry, node, receiver)

    def result(self, state: State, entry: Acquire, node: ast.Call, receiver: str | None) -> Value:
        """What an acquiring call gives, shaped as the catalogue says."""
        if self.judging:
            return UNKNOWN
        kind = self.world.catalogue.kinds[entry.kind]
        if entry.receiver:
            return self.hold(state, entry, node, receiver)
        if entry.every:
            bag = Bag(container_number(node))
            state.bags[bag.number] = frozenset({self.acquire(state, node, kind, entry=entry)})
            return bag
        if entry.positions is None:
            return self.acquire(state, node, kind, entry=entry)
        items: list[Value] = [UNKNOWN] * max(2, max(entry.positions) + 1)
        for position in entry.positions:
            items[position] = self.acquire(state, node, kind, entry=entry, position=position)
        if entry.beside is not None:
            position = max(entry.positions) + 1
            kind = self.world.catalogue.kinds[entry.beside]
            items[position] = self.acquire(state, node, kind, entry=entry, position=position)
        return Pair(tuple(items))

    def hold(self, state: State, entry: Acquire, node: ast.Call, receiver: str | None) -> Value:
        """The receiver itself owes from now on: ``lock.acquire()``."""
        if receiver is None:
            return UNKNOWN
        handle = self.acquire(state, node, self.world.catalogue.kinds[entry.kind], entry=entry)
        self.records[handle.site].subject = receiver
        state.places[receiver] = handle
        return Taken(handle)

    def given(self, state: State, gives: tuple[Given, ...], node: ast.AST) -> Value:
        """What a function of the project gives to its caller."""
        if self.judging:
            return UNKNOWN
        made = [
            (g.position, self.acquire(state, node, g.kind, position=g.position or 0, origin=g.origin)) for g in gives
        ]
        if made[0][0] is None:
            return made[0][1]
        items: list[Value] = [UNKNOWN] * max(2, 1 + max(position or 0 for position, _ in made))
        for position, handle in made:
            items[position or 0] = handle
        return Pair(tuple(items))
