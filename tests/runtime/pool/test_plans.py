"""Every interleaving of borrowers, failures, cancellations and changes of the pool, without I/O or time.

Hypothesis plays the driver: it holds many plans at once and decides which of their steps ends next, and how.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
from collections.abc import Callable
from math import inf
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pytest_memguard.runtime.errors import CannotOpen, Closed, Exhausted, StillHeld
from pytest_memguard.runtime.pool.options import Options
from pytest_memguard.runtime.pool.plan import Plan, Planner
from pytest_memguard.runtime.pool.slot import Slot
from pytest_memguard.runtime.pool.state import PoolState
from pytest_memguard.runtime.pool.steps import Check, Close, Open, Reset, Sleep, Step, Wait


class Resource:
    def __init__(self) -> None:
        self.closed = 0
        self.holder: object = None


class Bell:
    """A waiter that nobody sleeps on."""

    def __init__(self) -> None:
        self.slot: Slot[Resource] | None = None
        self.rung = 0

    def give(self, slot: Slot[Resource] | None) -> None:
        self.slot = slot
        self.rung += 1
        assert self.rung == 1, "a waiter was woken twice"


class Borrower:
    """Stands for a lease: the slot refers to it weakly, and messages name it."""

    id = 1
    origin = "somewhere"

    def __init__(self, slot: Slot[Resource]) -> None:
        self.slot = slot
        self.resource: Resource = slot.resource


class Process:
    """A plan under way, and the step that it is at."""

    def __init__(self, plan: Plan[Any], done: Callable[[Any], None]) -> None:
        self.plan = plan
        self.done = done
        self.step: Step | None = None
        self.error: BaseException | None = None


class Interleavings(RuleBasedStateMachine):
    @initialize(
        maximum=st.integers(1, 3),
        minimum=st.integers(0, 1),
        max_idle=st.sampled_from([None, 5.0]),
        max_lifetime=st.sampled_from([None, 20.0]),
        checked=st.booleans(),
        resets=st.booleans(),
    )
    def open_pool(
        self,
        maximum: int,
        minimum: int,
        max_idle: float | None,
        max_lifetime: float | None,
        checked: bool,
        resets: bool,
    ) -> None:
        logging.getLogger("pytest_memguard.runtime.pool").disabled = True
        self.now = 100.0
        options = Options("test", minimum=minimum, maximum=maximum, max_idle=max_idle, max_lifetime=max_lifetime)
        self.state: PoolState[Resource] = PoolState(options, lambda: self.now, lambda: 0.5)
        if not checked:
            self.state.check_after = inf
        self.resets = resets
        self.planner: Planner[Resource] = Planner("Pool 'test'", self.state, contextlib.nullcontext(), Bell)
        self.processes: list[Process] = []
        self.borrowers: list[Borrower] = []
        self.resources: list[Resource] = []
        self.largest_maximum = maximum
        self.counts = dict.fromkeys(("acquired", "discarded", "dropped", "opened", "closed", "reset_failures"), 0)
        self.counts |= dict.fromkeys(("check_failures", "close_failures", "open_failures"), 0)

    # -- the driver --------------------------------------------------------------------------------

    def begin(self, plan: Plan[Any], done: Callable[[Any], None] = lambda _: None) -> None:
        process = Process(plan, done)
        self.processes.append(process)
        self.go_on(process, lambda: next(plan))

    def go_on(self, process: Process, advance: Callable[[], Step]) -> None:
        try:
            process.step = advance()
        except StopIteration as end:
            self.processes.remove(process)
            process.done(end.value)
        except (OSError, ValueError, asyncio.CancelledError, Closed, Exhausted, CannotOpen, StillHeld) as error:
            self.processes.remove(process)
            process.error = error
        except BaseException:
            self.processes.remove(process)
            raise

    def answer(self, process: Process, value: object) -> None:
        self.go_on(process, lambda: process.plan.send(value))

    def throw(self, process: Process, error: BaseException) -> None:
        self.go_on(process, lambda: process.plan.throw(error))

    def finish(self, process: Process, luck: str) -> None:
        """End the step that a process is at: "good", "bad" (an answer or a failure), "cancelled"."""
        step = process.step
        if isinstance(step, Close):
            step.resource.closed += 1
            self.counts["closed"] += 1
            assert step.resource.holder is None, "what somebody holds was closed"
            self.counts["close_failures"] += luck == "bad"
        if isinstance(step, Check | Reset):
            assert step.slot.resource.holder is None
            assert not step.slot.resource.closed
        if luck == "cancelled":
            self.counts["reset_failures"] += isinstance(step, Reset)
            self.throw(process, asyncio.CancelledError())
        elif luck == "bad":
            self.counts["check_failures"] += isinstance(step, Check)
            self.counts["reset_failures"] += isinstance(step, Reset)
            self.counts["open_failures"] += isinstance(step, Open)
            if isinstance(step, Check):
                self.answer(process, False)
            else:
                self.throw(process, OSError("refused"))
        elif isinstance(step, Open):
            resource = Resource()
            self.resources.append(resource)
            self.counts["opened"] += 1
            self.answer(process, resource)
        else:
            self.answer(process, True)

    def at(self, *kinds: type) -> list[Process]:
        return [process for process in self.processes if isinstance(process.step, kinds)]

    def lend(self, slot: Slot[Resource]) -> None:
        assert slot.filled
        assert not slot.resource.closed, "a closed resource was handed out"
        assert slot.resource.holder is None, "one resource was handed out twice"
        borrower = Borrower(slot)
        slot.resource.holder = borrower
        self.state.lease_begins(slot)
        slot.lease = weakref.ref(borrower)
        self.borrowers.append(borrower)
        self.counts["acquired"] += 1

    # -- what may happen ---------------------------------------------------------------------------

    @rule(timeout=st.sampled_from([None, 0.0, 10.0]))
    def borrow(self, timeout: float | None) -> None:
        self.begin(self.planner.obtain(timeout), self.lend)

    @precondition(lambda self: self.at(Open, Check, Reset, Close))
    @rule(data=st.data(), luck=st.sampled_from(["good", "good", "good", "bad", "cancelled"]))
    def something_is_done(self, data: st.DataObject, luck: str) -> None:
        self.finish(data.draw(st.sampled_from(self.at(Open, Check, Reset, Close))), luck)

    @precondition(lambda self: self.rung())
    @rule(data=st.data())
    def someone_wakes(self, data: st.DataObject) -> None:
        self.answer(data.draw(st.sampled_from(self.rung())), True)

    def rung(self) -> list[Process]:
        return [process for process in self.at(Wait) if process.step.waiter.rung]  # type: ignore[union-attr]

    @precondition(lambda self: self.at(Wait, Sleep))
    @rule(data=st.data())
    def someone_is_cancelled(self, data: st.DataObject) -> None:
        self.throw(data.draw(st.sampled_from(self.at(Wait, Sleep))), asyncio.CancelledError())

    @precondition(lambda self: self.at(Wait))
    @rule(data=st.data())
    def someones_time_is_over(self, data: st.DataObject) -> None:
        process = data.draw(st.sampled_from(self.at(Wait)))
        if process.step.timeout is not None:  # type: ignore[union-attr]
            self.now += process.step.timeout  # type: ignore[union-attr]
            self.answer(process, False)

    @precondition(lambda self: self.at(Sleep))
    @rule(data=st.data())
    def a_backoff_is_over(self, data: st.DataObject) -> None:
        process = data.draw(st.sampled_from(self.at(Sleep)))
        self.now += process.step.seconds  # type: ignore[union-attr]
        self.answer(process, True)

    @precondition(lambda self: self.borrowers)
    @rule(data=st.data(), ending=st.sampled_from(["released", "released", "discarded"]))
    def give_back(self, data: st.DataObject, ending: Any) -> None:
        borrower = data.draw(st.sampled_from(self.borrowers))
        self.borrowers.remove(borrower)
        borrower.resource.holder = None
        self.state.lease_ended(borrower.slot)
        self.counts["discarded"] += ending == "discarded"
        self.begin(self.planner.give_back(borrower.slot, ending, self.resets))

    @precondition(lambda self: self.borrowers)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        borrower = data.draw(st.sampled_from(self.borrowers))
        self.borrowers.remove(borrower)
        borrower.resource.holder = None
        self.counts["dropped"] += 1
        if not self.state.lease_dropped(borrower.slot):
            self.begin(self.planner.retire_all([borrower.slot]))

    @rule(seconds=st.sampled_from([1.0, 6.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        self.begin(self.planner.sweep())

    @rule()
    def expire(self) -> None:
        self.begin(self.planner.retire_all(self.state.expire()))

    @rule(maximum=st.integers(1, 4))
    def resize(self, maximum: int) -> None:
        self.largest_maximum = max(self.largest_maximum, maximum)
        self.begin(self.planner.retire_all(self.state.resize(min(1, self.state.minimum), maximum)))

    @precondition(lambda self: not self.state.paused)
    @rule()
    def drain(self) -> None:
        self.begin(self.planner.drain(5.0))

    # -- what must hold ----------------------------------------------------------------------------

    @invariant()
    def the_state_is_sound(self) -> None:
        self.state.check_invariants()

    @invariant()
    def bounds_are_kept(self) -> None:
        assert sum(not resource.closed for resource in self.resources) <= self.largest_maximum
        assert len(self.state.slots) <= self.largest_maximum

    @invariant()
    def nothing_is_closed_twice(self) -> None:
        assert all(resource.closed <= 1 for resource in self.resources)

    @invariant()
    def one_at_a_time_probes_an_outage(self) -> None:
        if self.state.outage is not None and self.state.outage.attempts > 1:
            assert len(self.at(Sleep)) <= 1

    @invariant()
    def statistics_equal_the_models(self) -> None:
        record = self.state.statistics()
        # A close counts when the resource leaves its slot, a step earlier than in this model.
        expected = {**self.counts, "closed": self.counts["closed"] + len(self.at(Close))}
        assert {name: getattr(record, name) for name in expected} == expected
        assert record.leased == len(self.borrowers)
        assert record.idle + record.leased + record.changing == len(self.state.slots)

    def teardown(self) -> None:
        """Let everything end well: then every resource must be closed, once, and no slot be missing."""
        logging.getLogger("pytest_memguard.runtime.pool").disabled = False
        if not hasattr(self, "state"):
            return
        for borrower in self.borrowers:
            borrower.resource.holder = None
            self.state.lease_ended(borrower.slot)
            self.begin(self.planner.give_back(borrower.slot, "released", False))
        self.borrowers.clear()
        self.let_all_end()
        assert not self.processes
        self.now += 60.0  # an outage has passed
        self.everything_can_be_borrowed()
        self.begin(self.planner.shut(self.state.refuse(lambda: Closed("closed")), 5.0))
        self.let_all_end()
        assert not self.processes
        assert not self.state.slots
        assert [resource.closed for resource in self.resources] == [1] * len(self.resources)

    def let_all_end(self) -> None:
        for _ in range(1000):
            if self.at(Open, Check, Reset, Close):
                self.finish(self.at(Open, Check, Reset, Close)[0], "good")
            elif self.rung():
                self.answer(self.rung()[0], True)
            elif self.at(Sleep):
                self.a_backoff_is_over_for(self.at(Sleep)[0])
            elif self.borrowers:
                borrower = self.borrowers.pop()
                borrower.resource.holder = None
                self.state.lease_ended(borrower.slot)
                self.begin(self.planner.give_back(borrower.slot, "released", False))
            else:
                return

    def a_backoff_is_over_for(self, process: Process) -> None:
        self.now += process.step.seconds  # type: ignore[union-attr]
        self.answer(process, True)

    def everything_can_be_borrowed(self) -> None:
        for _ in range(self.state.maximum):
            self.begin(self.planner.obtain(0.0), self.lend)
            while self.at(Open, Check, Close):
                self.finish(self.at(Open, Check, Close)[0], "good")
        assert len(self.borrowers) == self.state.maximum, "a slot is lost"
        self.let_all_end()


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=150, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
