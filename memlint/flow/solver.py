"""Follows every path of one function, up to a bound on the states kept apart."""

from __future__ import annotations

import ast
from collections import Counter, deque
from dataclasses import dataclass, field

from memlint.cfg import instructions as ir
from memlint.cfg.graph import RAISED, RETURNED, Graph
from memlint.cfg.instructions import Place
from memlint.findings import StepKind
from memlint.flow import late
from memlint.flow.chart import Chart
from memlint.flow.exceptions import Flight, Match, meet
from memlint.flow.machine import Machine
from memlint.flow.raising import RaiseLevel
from memlint.flow.sites import ExitKind, Mark
from memlint.flow.state import REACHING, Key, State
from memlint.flow.steps import execute
from memlint.flow.truth import truth
from memlint.flow.values import (
    NONE,
    UNKNOWN,
    Bag,
    Element,
    Handle,
    Method,
    Pair,
    Running,
    Suppressor,
    Symbol,
    Taken,
    Turned,
    Value,
)

STATES_PER_BLOCK = 24
"""Beyond this many different states at one block, further ones are not followed; of those that owe nothing, what they
have in common is, as long as something may be acquired."""
STEPS = 6000
"""Blocks executed before the function is given up."""
_ENDS_HERE = frozenset({RETURNED, RAISED})
_ANSWERS = frozenset({Running, Method, Taken})
"""The values whose truth says more of a resource than that it is there."""


@dataclass(slots=True)
class Solver:
    """The work-list over (block, state)."""

    machine: Machine
    chart: Chart
    seen: dict[int, set[Key]] = field(default_factory=dict)
    queue: deque[tuple[int, State]] = field(default_factory=deque)
    ended: list[tuple[State, bool]] = field(default_factory=list)
    """Final states, each with True when an exception ended it."""
    bounded: str | None = None
    """Why the analysis stopped early, if it did."""
    _clauses: Counter[str] | None = None
    """How many clauses name each class, once it matters."""
    whole: bool = False
    """Whether paths are followed to their end on which nothing is owed."""
    pruned: bool = False
    """Whether a path was not followed because nothing is owed on it."""
    trace: list[tuple[int, State]] | None = None
    """When it is a list, every state that arrives at a block is added to it."""
    graph: Graph = field(init=False)

    def __post_init__(self) -> None:
        self.graph = self.machine.graph

    def run(self, initial: State) -> None:
        """Follow every path from the function's entry."""
        self.machine.asked = frozenset(text for text, _ in self.chart.repeated.values())
        if not self.whole and self.trace is None:
            self.machine.silent = frozenset(range(len(self.graph.blocks))) - self.chart.acquiring
        self._follow(initial)
        self.pruned = self.pruned or self.machine.unheard

    def _follow(self, initial: State) -> None:
        self.arrive(0, initial)
        steps = 0
        while self.queue:
            number, state = self.queue.popleft()
            steps += 1
            if steps > STEPS:
                self.bounded = f"more than {STEPS} steps"
                return
            self.execute(number, state)

    def arrive(self, number: int, state: State) -> None:
        """A state reaches a block; it is followed unless an equal one has been there."""
        if state.handling:
            state.handling = state.handling[: self.graph.blocks[number].depth]
        if number in _ENDS_HERE:
            self.leave(state, raised=number == RAISED)
            return
        idle = number not in self.chart.acquiring and not state.owes() and state.returning is None
        if idle and not self.whole and not self._watched(number, state):
            self.pruned = True
            return  # nothing is owed, nothing will be, and nothing can be done too late
        if number not in self.chart.joins and self.trace is None:
            self.queue.append((number, state))
            return
        self._forget_dead(number, state)
        state.sweep()
        seen = self.seen.setdefault(number, set())
        key = state.key()
        if key in seen:
            return
        if len(seen) >= STATES_PER_BLOCK:
            self.bounded = f"more than {STATES_PER_BLOCK} states at one point"
            if state.owes() or number not in self.chart.acquiring or len(seen) >= 2 * STATES_PER_BLOCK:
                return
            state.forget_differences(seen)
            key = state.key()
            if key in seen:
                return
        seen.add(key)
        if self.trace is not None:
            self.trace.append((number, state.copy()))
        self.queue.append((number, state))

    def _watched(self, number: int, state: State) -> bool:
        """Whether a released resource may be used here or later by a name of its own."""
        known: list[tuple[Place, Value]] = [*state.places.items(), *state.slots.items()] if state.status else []
        for place, value in known:
            if late.watched(self.machine, state, value) and self.chart.live.reads(number, place):
                return True
        return late.stored(self.machine, state)

    def _forget_dead(self, number: int, state: State) -> None:
        """Drop what nobody reads any more, unless a resource can be reached by it."""
        live = self.chart.live
        for name in live.dead(number, state.places) if state.places else ():
            if state.places[name].__class__ not in REACHING or not state.handles(state.places[name]):
                del state.places[name]
        for slot in live.dead(number, state.slots) if state.slots else ():
            if state.slots[slot].__class__ not in REACHING or not state.handles(state.slots[slot]):
                del state.slots[slot]
        for text in [each for each in state.facts if not live.meets(number, each)] if state.facts else ():
            del state.facts[text]

    def leave(self, state: State, *, raised: bool) -> None:
        """A path ends."""
        self.ended.append((state.copy(), raised))
        if not raised:
            late.left(self.machine, state)
        self.machine.leave(state, raised=raised)

    def execute(self, number: int, state: State) -> None:
        """Run one block and send its states on."""
        block, machine = self.graph.blocks[number], self.machine
        reached = execute(machine, block, state)
        for thrown in machine.take_raised():
            self.arrive(block.landing, thrown)
        if reached:
            self._end(block.end, block.landing, state)
            for thrown in machine.take_raised():
                self.arrive(block.landing, thrown)

    # --- ends ----------------------------------------------------------------------------------------------------

    def _end(self, end: ir.Terminator | None, landing: int, state: State) -> None:
        match end:
            case ir.Jump(to):
                self.arrive(to, state)
            case ir.Branch():
                self._branch(end, state)
            case ir.Advance():
                self._advance(end, state)
            case ir.Choose(ways=ways):
                for way in ways:
                    self.arrive(way, state.copy())
            case ir.Dispatch():
                self._dispatch(end, state)
            case ir.Raise():
                self._raise(end, state)
            case ir.Resume():
                self._resume(end, landing, state)
            case _:
                pass

    def _branch(self, end: ir.Branch, state: State) -> None:
        value = state.slots.get(end.place, UNKNOWN)
        known = truth(value, state)
        text, same = ("", True)
        if known is None and id(end.node) in self.chart.repeated:
            text, same = self.chart.repeated[id(end.node)]
            if text in state.facts:
                known = state.facts[text] is same
        for outcome, target in ((True, end.true), (False, end.false)):
            if known is not None and known is not outcome:
                continue
            way = state.copy() if outcome and known is None else state
            if value.__class__ in _ANSWERS:
                self._answered(way, value, end.node, outcome)
            if known is None:
                if text:
                    way.facts[text] = outcome is same
                if end.node.__class__ is ast.Compare:
                    _assume(way, end.node, outcome)
                    self._standard(way, end.node, outcome)
            if known is None and way.held():
                way.mark(Mark(StepKind.TAKE, end.node, outcome))
            self.arrive(target, way)

    def _answered(self, state: State, value: Value, test: ast.expr, outcome: bool) -> None:
        """A test has told whether something has ended or was acquired."""
        if isinstance(value, Running) and outcome is value.ended:
            self.machine.release(state, value.of, test)
        ended = self.machine.ending(value)
        if ended is not None and outcome:
            self.machine.release(state, ended, test)
        if isinstance(value, Taken):
            state.answer(value, held=outcome)

    def _standard(self, state: State, test: ast.expr, outcome: bool) -> None:
        """A test tells what is meant to stay open.

        By a descriptor's number, the standard ones: ``if fd > 2: os.close(fd)``; by an attribute of its own, any
        resource: ``if loop.close_at_end: loop.close()``.
        """
        match test:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if "close" in attribute and not outcome:
                self.machine.transfer(state, state.places.get(name), test, f"meant to stay open, as `{attribute}` says")
            case ast.Compare(left=ast.Name(id=name), ops=[operator]) if type(operator) in _STANDARD:
                value = state.places.get(name)
                descriptor = isinstance(value, Handle) and "os.close" in self.machine.kind(value).release_by
                if descriptor and _STANDARD[type(operator)] is outcome:
                    self.machine.transfer(state, value, test, "one of the standard descriptors")

    def _advance(self, end: ir.Advance, state: State) -> None:
        iterator = state.slots.get(end.iterator, UNKNOWN)
        if end.asynchronous or (isinstance(iterator, Handle) and "__next__" not in self.machine.kind(iterator).quiet):
            self.machine.may_raise(state, end.node, "the iteration")
        if end.asynchronous:
            self.machine.may_raise(
                state, end.node, "the iteration", kind=ExitKind.CANCEL, classes=("asyncio.CancelledError",)
            )
        turned = isinstance(iterator, Turned)
        source = iterator.of if isinstance(iterator, Turned) else iterator
        turn = state.copy()
        turn.set(end.target, _element(source))
        owning = isinstance(source, (Bag, Element, Pair)) and bool(state.handles(source))
        if owning:
            turn.set(end.iterator, Turned(source))
        self.arrive(end.body, turn)
        if owning and not turned:
            return  # a container that holds something gives at least one element
        if isinstance(iterator, Handle) and self.machine.kind(iterator).exhausted:
            self.machine.release(state, iterator, end.node)
        self.arrive(end.done, state)

    def _dispatch(self, end: ir.Dispatch, state: State) -> None:
        flight = state.flight
        assert flight is not None
        for clause in end.clauses:
            classes = None if clause.classes is None else [self._class_names(state, c) for c in clause.classes]
            verdict = meet(flight, classes)
            if verdict is Match.NO:
                continue
            caught = state.copy()
            if caught.held():
                caught.mark(Mark(StepKind.TAKE, clause.node, "caught here"))
            self.arrive(clause.block, caught)
            if verdict is Match.YES:
                return
            if classes is not None and self._names_again(clause):
                flight = state.flight = flight.passed(classes)
        self.arrive(end.otherwise, state)

    def _names_again(self, clause: ir.Clause) -> bool:
        """Whether another clause of the function names a class of this one."""
        if self._clauses is None:
            ends = [block.end for block in self.graph.blocks if isinstance(block.end, ir.Dispatch)]
            nodes = {id(each): each for end in ends for one in end.clauses for each in one.classes or ()}
            self._clauses = Counter(map(ast.unparse, nodes.values()))
        return any(self._clauses[ast.unparse(each)] > 1 for each in clause.classes or ())

    def _class_names(self, state: State, node: ast.expr) -> tuple[str, ...]:
        match node:
            case ast.Name(id=name):
                value: Value = self.machine.variable(name, state)
                return value.names if isinstance(value, Symbol) else (f"?.{name}",)
            case ast.Attribute(value=base, attr=attribute):
                return tuple(f"{name}.{attribute}" for name in self._class_names(state, base))
            case _:
                return ("?",)

    def _raise(self, end: ir.Raise, state: State) -> None:
        if isinstance(end.node, ast.Assert) and self.machine.world.level is not RaiseLevel.STRICT:
            return  # an assertion states what always holds
        if end.source is None and end.classes is None and state.handling:
            flight = state.handling[-1]
        else:
            classes = None if end.classes is None else self._class_names(state, end.classes)
            if classes is not None and classes[0].startswith("?"):
                classes = None
            flight = Flight(ExitKind.RAISE, classes, end.node, "`raise`")
            if end.source is not None:
                self.machine.transfer(state, state.slots.get(end.source), end.node, "carried away by the exception")
        self.machine.throw(state, flight)

    def _resume(self, end: ir.Resume, landing: int, state: State) -> None:
        flight = state.handling[-1]
        manager = None if end.manager is None else state.slots.pop(end.manager, UNKNOWN)
        if isinstance(manager, Suppressor) and end.swallowed is not None:
            classes = [(name,) for name in manager.classes]
            verdict = meet(flight, classes)
            if verdict is not Match.NO:
                self.arrive(end.swallowed, state.copy())
                flight = flight.passed(classes)
            if verdict is Match.YES:
                return
        state.flight = flight
        self.arrive(landing, state)


def _element(iterator: Value) -> Value:
    match iterator:
        case Bag(number) | Element(number):
            return Element(number)
        case Pair():
            return iterator  # some element: releasing it in a loop releases each
        case _:
            return UNKNOWN


def _assume(state: State, test: ast.expr, outcome: bool) -> None:
    """A test on an unknown variable tells what it holds."""
    match test:
        case ast.Compare(left=ast.Name(id=name), ops=[operator], comparators=[ast.Constant(value=None)]):
            if isinstance(operator, (ast.Is, ast.Eq)) is outcome and isinstance(
                operator, (ast.Is, ast.Eq, ast.IsNot, ast.NotEq)
            ):
                state.places.setdefault(name, NONE)


_STANDARD: dict[type[ast.cmpop], bool] = {
    ast.Gt: False,
    ast.GtE: False,
    ast.NotIn: False,
    ast.NotEq: False,
    ast.Lt: True,
    ast.LtE: True,
    ast.In: True,
    ast.Eq: True,
}
"""The outcome of a comparison by which a descriptor is one of the standard three."""
