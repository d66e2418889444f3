"""One path through one function: how each instruction changes a state.

The machine knows nothing of other paths; the solver gives it states and follows where they go.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from memlint.catalogue.model import Acquire, Catalogue, Category, Context, Kind
from memlint.cfg import instructions as ir
from memlint.cfg.graph import RAISED, Block, Graph
from memlint.findings import StepKind
from memlint.flow.exceptions import Flight
from memlint.flow.raising import RaiseLevel
from memlint.flow.sites import ExitKind, Fate, Mark, Outcome, Site, SiteRecord, Trail
from memlint.flow.state import State, Status
from memlint.flow.summaries import Given, Summary
from memlint.flow.values import (
    NONE,
    UNKNOWN,
    Bag,
    Closing,
    Element,
    Function,
    Handle,
    Literal,
    Method,
    Pair,
    Path,
    Pending,
    Result,
    Symbol,
    Taken,
    Value,
    View,
)
from memlint.source.names import ModuleNames
from memlint.source.text import Source


@dataclass(frozen=True)
class World:
    """All that is known outside the function: its module, the catalogue, other functions."""

    source: Source
    names: ModuleNames
    catalogue: Catalogue
    summary: Callable[[tuple[str, ...]], Summary | None]
    """The summary of a function of the project by its candidate qualified names."""
    computed: Callable[[str], Summary | None]
    """The summary of a property of a class of the project by its qualified name."""
    level: RaiseLevel = RaiseLevel.DEFAULT
    strict: bool = False
    """An unknown callee borrows instead of taking over."""


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
    symbol: str
    owner: str | None = None
    """The qualified class whose method this is."""
    receiver: str | None = None
    """The name of the receiver parameter (``self``)."""
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
    giving: set[int] = field(default_factory=set)
    """Return statements that were seen to give a resource to the caller."""
    withholding: set[int] = field(default_factory=set)
    """Return statements that were seen to give something else."""
    returned: set[tuple[int, int | None]] = field(default_factory=set)
    """(site, position) of what the function hands to its caller."""
    _sites: dict[tuple[int, int], int] = field(default_factory=dict)
    _raised: list[State] = field(default_factory=list)
    _cleanup: bool = False
    """The block being executed is part of a ``finally`` or an ``except``."""
    _made_cleaning_up: set[int] = field(default_factory=set)

    # --- a block -------------------------------------------------------------------------------------------------

    def run(self, block: Block, state: State) -> tuple[State | None, list[State]]:
        """Execute the block; give the state at its end (None if never reached) and those that an exception left."""
        self._raised = []
        self._cleanup = block.cleanup
        self.landing = block.landing
        for instruction in block.instructions:
            if not self.step(instruction, state):
                return None, self._raised
        return state, self._raised

    def step(self, instruction: ir.Instruction, state: State) -> bool:
        """Execute one instruction; False when control does not go on."""
        return _STEPS[type(instruction)](self, instruction, state)

    def take_raised(self) -> list[State]:
        """The states that exceptions left since the last call."""
        raised, self._raised = self._raised, []
        return raised

    # --- exceptions ----------------------------------------------------------------------------------------------

    def may_raise(
        self, state: State, node: ast.AST, text: str, *, kind: ExitKind = ExitKind.RAISE,
        classes: tuple[str, ...] | None = None,
    ) -> None:  # fmt: skip
        """An exception may start at this step; the path that it takes is followed too.

        A failure while cleaning up after something else is not followed for what was acquired before: the
        function does what it can there.
        """
        if self._cleanup and kind is ExitKind.RAISE and not any(h.site in self._made_cleaning_up for h in state.held()):
            return
        if not state.status and self.landing == RAISED:
            return  # nothing is owed, and nobody catches it
        thrown = state.copy()
        if self._cleanup and kind is ExitKind.RAISE:
            for handle in [h for h in thrown.held() if h.site not in self._made_cleaning_up]:
                del thrown.status[handle]
        self.throw(thrown, Flight(kind, classes, node, text))

    def throw(self, state: State, flight: Flight) -> None:
        """``state`` itself leaves by an exception."""
        state.flight = flight
        held = state.held()
        if held:
            state.failed |= frozenset(held)
            text = f"{flight.text} {flight.kind.value}"
            state.mark(Mark(StepKind.RAISE, flight.node, text, flight.kind))
        state.drop_temporaries()
        self.check_lost(state, flight.node, Fate.RAISED)
        self._raised.append(state)

    # --- obligations ---------------------------------------------------------------------------------------------

    def acquire(
        self, state: State, node: ast.AST, kind: Kind, *, entry: Acquire | None = None, position: int = 0,
        origin: tuple[str, int] | None = None,
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
        for handle in list(state.handles(value)):
            if state.status.get(handle) is Status.HELD:
                self._note(state, handle, Fate.RELEASED, node, text)
                if not state.handling:
                    self.records[handle.site].released_normally = True
            if handle in state.status:
                self._reclaim(state, handle)
                state.status[handle] = Status.RELEASED
        match value:
            case Bag(number) | Element(number):
                state.bags[number] = frozenset()

    def transfer(self, state: State, value: Value | None, node: ast.AST, text: str) -> None:
        """Whatever ``value`` can reach has another owner now."""
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

    def lend(self, state: State, value: Value | None, node: ast.AST, text: str) -> None:
        """An unknown callee is given what ``value`` can reach: it takes it, unless we are seen to keep it."""
        for handle in list(state.handles(value)):
            site = self.records[handle.site].site
            if state.status.get(handle) is Status.HELD and (id(site.node), site.position) not in self.kept:
                state.status[handle] = Status.LENT
                self._note(state, handle, Fate.TRANSFERRED, node, text)

    def _reclaim(self, state: State, handle: Handle) -> None:
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
        record.note(Outcome(fate, node, text, trail, exit_kind, raiser))

    def check_lost(self, state: State, node: ast.AST, fate: Fate) -> None:
        """Find what is owed and can no longer be reached."""
        held = state.held()
        if not held:
            return
        reachable = state.referenced()
        for handle in held:
            if handle not in reachable:
                self.lose(state, handle, node, fate, _LOST[fate])

    def _note(self, state: State, handle: Handle, fate: Fate, node: ast.AST, text: str) -> None:
        self.records[handle.site].note(Outcome(fate, node, text, state.trail))

    # --- leaving -------------------------------------------------------------------------------------------------

    def leave(self, state: State, *, raised: bool) -> None:
        """Control leaves the function."""
        if not raised and state.returning is not None:
            self._hand_over(state, state.returning)
        if not raised:
            self.transfer_fields(state, self.graph.node, "kept in a field")
        for handle in state.held():
            if self.graph.node.__class__ is ast.Module:
                continue  # what a module binds lives as long as the process
            if raised:
                assert state.flight is not None
                if state.flight.classes == ("builtins.SystemExit",):
                    continue  # the process ends, and with it everything that it held
                self.lose(state, handle, state.flight.node, Fate.RAISED, "leaves the function without a release")
            else:
                self.lose(state, handle, self._end(state), Fate.UNRELEASED, "leaves the function without a release")

    def _hand_over(self, state: State, value: Value) -> None:
        items = list(value.items) if isinstance(value, Pair) else [value]
        for index, item in enumerate(items):
            position = index if isinstance(value, Pair) else None
            if self.resumed and isinstance(item, Handle):
                continue  # a fixture's value is used by tests; nobody but the fixture can release it
            if isinstance(item, Handle):
                self._reclaim(state, item)
            if isinstance(item, Handle) and state.status.get(item) is Status.HELD:
                self.returned.add((item.site, position))
        if not self.resumed:
            self.transfer(state, value, self.graph.node, "returned to the caller")

    def _end(self, state: State) -> ast.AST:
        trail = state.trail
        if trail is not None and trail.mark.kind is StepKind.LEAVE:
            return trail.mark.node
        return self.graph.node

    # --- instructions --------------------------------------------------------------------------------------------

    def _constant(self, i: ir.Constant, state: State) -> bool:
        state.set(i.target, Literal.of(i.value))
        return True

    def _load(self, i: ir.Load, state: State) -> bool:
        state.set(i.target, self.variable(i.name, state))
        return True

    def variable(self, name: str, state: State) -> Value:
        """The value of a variable."""
        known = state.places.get(name)
        if known is not None:
            return known
        if name in self.graph.locals or "#" in name:
            return Path(name)
        if name in self.enclosing:
            names = self.enclosing[name]
            return Symbol(names) if names else Path(name)
        candidates = self.world.names.candidates(name)
        if candidates:
            return Symbol(candidates)
        made_by = self.world.names.instance(name)
        types = self.world.catalogue.result_types(made_by)
        return Result(Symbol(types)) if types else Path(name)

    def _bind(self, i: ir.Bind, state: State) -> bool:
        value = state.places.get(i.source, UNKNOWN)
        state.forget_facts(i.name)
        if i.name in self.graph.outer or i.name in self.graph.captured:
            self.transfer(state, value, i.node, f"bound to `{i.name}`, which outlives this call")
        elif isinstance(self.graph.node, ast.Module):
            self.transfer(state, value, i.node, f"bound to the module's `{i.name}`")
        for handle in state.handles(value):
            record = self.records[handle.site]
            if record.subject is None:
                record.subject = i.name.partition("#")[0]
        self._store(state, i.name, value)
        self.check_lost(state, i.node, Fate.REPLACED)
        return True

    def _store(self, state: State, name: str, value: Value) -> None:
        for place in [p for p in state.places if isinstance(p, str) and p.startswith(f"{name}.")]:
            del state.places[place]
        if isinstance(value, (type(UNKNOWN), Path)):
            state.places.pop(name, None)
        else:
            state.places[name] = value

    def _move(self, i: ir.Move, state: State) -> bool:
        state.set(i.target, state.places.get(i.source, UNKNOWN))
        return True

    def _unbind(self, i: ir.Unbind, state: State) -> bool:
        state.forget_facts(i.name)
        state.places.pop(i.name, None)
        self.check_lost(state, i.node, Fate.REPLACED)
        return True

    def _import(self, i: ir.Import, state: State) -> bool:
        state.set(i.name, Symbol((i.qualified,)))
        return True

    def _get_attribute(self, i: ir.GetAttribute, state: State) -> bool:
        base = state.places.get(i.base, UNKNOWN)
        value: Value
        match base:
            case Symbol(names):
                value = Symbol(tuple(f"{name}.{i.name}" for name in names))
            case Path(text):
                value = state.places.get(f"{text}.{i.name}") or self._property(i, text, state)
            case Handle() if i.name == "closed":
                value = Literal.of(state.status.get(base) is Status.RELEASED)
            case Handle() | Bag() | Element() | Pair() | Result() | View() | Method():
                value = Method(base, i.name)
            case _:
                value = UNKNOWN
        state.set(i.target, value)
        return True

    def _property(self, i: ir.GetAttribute, text: str, state: State) -> Value:
        """An attribute of an unknown object; a property of this method's own class may make something."""
        if text == self.receiver and self.owner is not None:
            summary = self.world.computed(f"{self.owner}.{i.name}")
            if summary is not None and summary.gives:
                return self.given(state, summary.gives, i.node, summary.path)
        return Path(f"{text}.{i.name}")

    def _set_attribute(self, i: ir.SetAttribute, state: State) -> bool:
        base = state.places.get(i.base, UNKNOWN)
        value = state.places.get(i.source, UNKNOWN)
        if isinstance(base, Handle) and i.name in self.kind(base).release_on_set and value != Literal.of(False):
            self.transfer(state, base, i.node, f"ends by itself: `{i.name}` is set")
        if isinstance(base, Path):
            path = f"{base.text}.{i.name}"
            state.forget_facts(path)
            self.keep(state, base.text, i.name, value, i.node)
            self._store(state, path, value if isinstance(value, (Literal, Handle, Symbol)) else UNKNOWN)
            if self.building and base.text == self.receiver and isinstance(value, Handle):
                self.fields.add(value.site)  # until the constructor has returned, nobody else can release it
            else:
                self.transfer(state, value, i.node, f"stored in `{path}`")
        else:
            self.transfer(state, value, i.node, f"stored in an attribute `{i.name}`")
        return True

    def keep(
        self, state: State, owner: str, attribute: str, value: Value, node: ast.AST, *, container: bool = False
    ) -> None:
        """Remember that resources went into a field of this method's own object."""
        if owner != self.receiver:
            return
        for handle in state.handles(value):
            if state.status.get(handle) in (Status.HELD, Status.LENT):
                self.stores.append(FieldStore(handle.site, owner, attribute, node, container))

    def _get_item(self, i: ir.GetItem, state: State) -> bool:
        base, key = state.places.get(i.base, UNKNOWN), state.places.get(i.key, UNKNOWN)
        value: Value = UNKNOWN
        match base:
            case Bag(number) | Element(number):
                value = Element(number)
            case Pair(items):
                index = key.value if isinstance(key, Literal) else None
                if isinstance(index, int) and -len(items) <= index < len(items):
                    value = items[index]
                else:
                    value = Pair(items)
            case Symbol():
                value = base  # a generic alias: Pool[Connection]
        state.set(i.target, value)
        return True

    def _set_item(self, i: ir.SetItem, state: State) -> bool:
        base, value = state.places.get(i.base, UNKNOWN), state.places.get(i.source, UNKNOWN)
        if isinstance(base, Bag):
            self.include(state, base, value)
        else:
            if isinstance(base, Path):
                owner, _, attribute = base.text.rpartition(".")
                self.keep(state, owner, attribute, value, i.node, container=True)
            self.transfer(state, value, i.node, "stored in a container")
        return True

    def include(self, state: State, bag: Bag, value: Value) -> None:
        """A local container becomes the owner of what ``value`` reaches."""
        added = frozenset(state.handles(value))
        if added:
            state.bags[bag.number] = state.bags.get(bag.number, frozenset()) | added

    def _build(self, i: ir.Build, state: State) -> bool:
        values = [(state.places.get(place, UNKNOWN), starred) for place, starred in i.items]
        if i.shape == "tuple" and not any(starred for _, starred in values):
            state.set(i.target, Pair(tuple(value for value, _ in values)))
            return True
        bag = Bag(_number(i.node))
        state.bags.pop(bag.number, None)
        for value, _ in values:
            self.include(state, bag, value)
        state.set(i.target, bag)
        return True

    def _include(self, i: ir.Include, state: State) -> bool:
        container, value = state.places.get(i.container, UNKNOWN), state.places.get(i.source, UNKNOWN)
        if isinstance(container, Bag):
            self.include(state, container, value)
        else:
            self.transfer(state, value, i.node, "added to a container")
        return True

    def _unpack(self, i: ir.Unpack, state: State) -> bool:
        source = state.places.get(i.source, UNKNOWN)
        for index, target in enumerate(i.targets):
            value: Value = UNKNOWN
            match source:
                case Pair(items) if i.starred is None and len(items) == len(i.targets):
                    value = items[index]
                case Pair(items) if i.starred is not None and index < i.starred:
                    value = items[index] if index < len(items) else UNKNOWN
                case Pair() if any(True for _ in state.handles(source)):
                    value = source
                case Bag(number) | Element(number):
                    value = source if index == i.starred else Element(number)
            state.set(target, value)
        return True

    def _iterate(self, i: ir.Iterate, state: State) -> bool:
        source = state.places.get(i.source, UNKNOWN)
        state.set(i.target, source)
        return True

    def _enter(self, i: ir.Enter, state: State) -> bool:
        manager = state.places.get(i.manager, UNKNOWN)
        value: Value = UNKNOWN
        match manager:
            case Handle():
                value = manager
            case Result():
                value = manager
            case Pending(call):
                value = self.awaited(state, call)
                state.set(i.manager, value)
        if i.asynchronous and state.held():
            outside = state.copy()
            if isinstance(value, Handle):
                outside.status.pop(value, None)  # what fails to open owes nothing
            self.may_raise(outside, i.node, "entering it")
        state.set(i.target, value)
        return True

    def _exit(self, i: ir.Exit, state: State) -> bool:
        manager = state.places.get(i.manager, UNKNOWN)
        if isinstance(manager, Handle):
            kind = self.kind(manager)
            context = kind.async_context if i.asynchronous else kind.context
            if context is not Context.KEEPS:
                self.release(state, manager, i.node, "released by the block")
        return True

    def _compare(self, i: ir.Compare, state: State) -> bool:
        left, right = state.places.get(i.left, UNKNOWN), state.places.get(i.right, UNKNOWN)
        same = _same(left, right, identity=i.operator in ("is", "is not"))
        value: Value = UNKNOWN
        if same is not None:
            value = Literal.of(same is (i.operator in ("is", "==")))
        state.set(i.target, value)
        return True

    def _negate(self, i: ir.Negate, state: State) -> bool:
        known = truth(state.places.get(i.source, UNKNOWN), state)
        state.set(i.target, UNKNOWN if known is None else Literal.of(not known))
        return True

    def _opaque(self, i: ir.Opaque, state: State) -> bool:
        bags = [v for p in i.operands if isinstance(v := state.places.get(p), (Bag, Pair, Element))]
        if bags:
            result = Bag(_number(i.node))
            held = frozenset(handle for bag in bags for handle in state.handles(bag))
            if held:
                state.bags[result.number] = held
            state.set(i.target, result)
        else:
            paths = [v for p in i.operands if isinstance(v := state.places.get(p), Result)]
            state.set(i.target, paths[0] if paths and _joins_path(i.node) else UNKNOWN)
        return True

    def _view(self, i: ir.View, state: State) -> bool:
        source = state.places.get(i.source, UNKNOWN)
        state.set(i.target, View(source) if isinstance(source, (Handle, View, Bag)) else UNKNOWN)
        return True

    def _define(self, i: ir.Define, state: State) -> bool:
        for name in i.captured:
            self.transfer(state, state.places.get(name), i.node, f"captured by a nested function as `{name}`")
        line, column = getattr(i.node, "lineno", 0), getattr(i.node, "col_offset", 0)
        state.set(i.target, Function(line, column, isinstance(i.node, ast.AsyncFunctionDef)))
        return True

    def _set_return(self, i: ir.SetReturn, state: State) -> bool:
        state.returning = state.places.get(i.source, UNKNOWN) if i.source is not None else NONE
        if any(state.status.get(handle) is Status.HELD for handle in state.handles(state.returning)):
            self.giving.add(id(i.node))
        elif state.returning != NONE:
            self.withholding.add(id(i.node))
        state.drop_temporaries()
        self.check_lost(state, i.node, Fate.DISCARDED)
        if state.held():
            state.mark(Mark(StepKind.LEAVE, i.node, "returns here"))
        return True

    def _forget(self, i: ir.Forget, state: State) -> bool:
        state.places.pop(i.place, None)
        self.check_lost(state, i.node, Fate.DISCARDED)
        return True

    def _end_statement(self, i: ir.EndStatement, state: State) -> bool:
        state.drop_temporaries()
        self.check_lost(state, i.node, Fate.DISCARDED)
        return True

    def _catch(self, i: ir.Catch, state: State) -> bool:
        assert state.flight is not None
        state.handling = (*state.handling, state.flight)
        state.flight = None
        return True

    def _await(self, i: ir.Await, state: State) -> bool:
        source = state.places.get(i.source, UNKNOWN)
        tasks = all(self.kind(handle).category is Category.TASK for handle in state.handles(source))
        if isinstance(source, Closing) or tasks:
            self.release(state, source, i.node)
        before = state
        if isinstance(source, Taken):
            before = state.copy()
            before.answer(source, held=False)  # an acquisition that is cancelled holds nothing
        text = call_text(i.node.value) if isinstance(i.node, ast.Await) else "await"
        self.may_raise(before, i.node, f"`await {text}`")
        self.may_raise(
            before, i.node, f"`await {text}`", kind=ExitKind.CANCEL, classes=("asyncio.CancelledError",)
        )
        value: Value = source if isinstance(source, Taken) else UNKNOWN
        state.set(i.target, self.awaited(state, source.call) if isinstance(source, Pending) else value)
        return True

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
            bag = Bag(_number(node))
            state.bags[bag.number] = frozenset({self.acquire(state, node, kind, entry=entry)})
            return bag
        if entry.positions is None:
            return self.acquire(state, node, kind, entry=entry)
        items: list[Value] = [UNKNOWN] * max(2, max(entry.positions) + 1)
        for position in entry.positions:
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

    def given(self, state: State, gives: tuple[Given, ...], node: ast.AST, path: str) -> Value:
        """What a function of the project gives to its caller."""
        if self.judging:
            return UNKNOWN
        made = [
            (g.position, self.acquire(state, node, g.kind, position=g.position or 0, origin=(path, g.line)))
            for g in gives
        ]
        if made[0][0] is None:
            return made[0][1]
        items: list[Value] = [UNKNOWN] * max(2, 1 + max(position or 0 for position, _ in made))
        for position, handle in made:
            items[position or 0] = handle
        return Pair(tuple(items))

    def _yield(self, i: ir.Yield, state: State) -> bool:
        value = state.places.get(i.source, UNKNOWN) if i.source is not None else NONE
        if not self.lends:
            self.transfer(state, value, i.node, "yielded to the consumer")
        if self.lends and not self.resumed:
            self.may_raise(state, i.node, "the `with` body")
        elif not self.resumed and not i.delegated:
            self.may_raise(
                state, i.node, "the generator", kind=ExitKind.CLOSE, classes=("builtins.GeneratorExit",)
            )
        state.set(i.target, UNKNOWN)
        return True

    def _call(self, i: ir.Call, state: State) -> bool:
        from memlint.flow.calls import call  # the two halves of one machine

        return call(self, i, state)


def shortened(node: ast.AST) -> str:
    """The source of an acquiring call, cut to a width that leaves room for the message."""
    text = ast.unparse(node) if isinstance(node, ast.expr) else ""
    return text if len(text) <= _WIDTH else call_text(node)


def call_text(node: ast.AST) -> str:
    """A call as messages name it: ``json.load()``; long chains are cut from the left."""
    if isinstance(node, ast.Call):
        return f"{_dotted(node.func)}()"
    return _dotted(node)


def _dotted(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=base, attr=attribute):
            return f"{_dotted(base)}.{attribute}"
        case ast.Call(func=func):
            return f"{_dotted(func)}()"
        case ast.Subscript(value=base):
            return f"{_dotted(base)}[...]"
        case ast.Await(value=value):
            return _dotted(value)
        case _:
            return "..."


def truth(value: Value, state: State) -> bool | None:
    """Whether a value is true, when that is known."""
    match value:
        case Literal(value=constant):
            return bool(constant)
        case Handle() | Function() | Pending():
            return True
        case Symbol() | Method():
            return None
        case Pair(items):
            return bool(items)
        case Bag(number) | Element(number):
            return True if state.bags.get(number) else None
        case _:
            return None


def _same(left: Value, right: Value, *, identity: bool) -> bool | None:
    if isinstance(left, Literal) and isinstance(right, Literal):
        return left == right
    for one, other in ((left, right), (right, left)):
        if isinstance(one, (Handle, Pair, Bag, Element, Function)):
            if isinstance(other, (Literal, Symbol)):
                return False
            if isinstance(other, Handle) and isinstance(one, Handle):
                return one == other
    if identity and isinstance(left, Symbol) and isinstance(right, Symbol) and left == right:
        return True
    return None


def _joins_path(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def _number(node: ast.AST) -> int:
    """A number for the container that a piece of syntax makes, the same whenever it is met."""
    return int(getattr(node, "lineno", 0)) * 10_000 + int(getattr(node, "col_offset", 0))


_WIDTH = 32

_LOST = {
    Fate.DISCARDED: "nothing refers to it any more",
    Fate.REPLACED: "its last name is bound to something else",
    Fate.RAISED: "the exception drops it",
    Fate.UNRELEASED: "leaves the function without a release",
}

_STEPS: dict[type[ir.Instruction], Callable[[Machine, ir.Instruction, State], bool]] = {
    ir.Constant: Machine._constant,
    ir.Load: Machine._load,
    ir.Bind: Machine._bind,
    ir.Move: Machine._move,
    ir.Unbind: Machine._unbind,
    ir.Import: Machine._import,
    ir.GetAttribute: Machine._get_attribute,
    ir.SetAttribute: Machine._set_attribute,
    ir.GetItem: Machine._get_item,
    ir.SetItem: Machine._set_item,
    ir.Call: Machine._call,
    ir.Await: Machine._await,
    ir.Yield: Machine._yield,
    ir.Build: Machine._build,
    ir.Include: Machine._include,
    ir.Unpack: Machine._unpack,
    ir.Iterate: Machine._iterate,
    ir.Enter: Machine._enter,
    ir.Exit: Machine._exit,
    ir.Compare: Machine._compare,
    ir.Negate: Machine._negate,
    ir.Opaque: Machine._opaque,
    ir.View: Machine._view,
    ir.Define: Machine._define,
    ir.SetReturn: Machine._set_return,
    ir.Forget: Machine._forget,
    ir.EndStatement: Machine._end_statement,
    ir.Catch: Machine._catch,
}  # type: ignore[assignment]  # each step takes the one instruction that it is listed under

