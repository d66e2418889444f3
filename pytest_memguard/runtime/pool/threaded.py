"""A pool for threads."""

from __future__ import annotations

import random as randomness
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FrameType, GeneratorType, TracebackType
from typing import Any, TypeVar, cast
from weakref import ref

from ..errors import StillHeld
from ..events import emit, hooks
from ..lease import Ending, next_id
from ..origin import snapshot
from .base import DEFAULT, BasePool, Default, close_itself, default_name
from .lease import PoolLease
from .locking import TakeIn
from .options import Backoff, Options
from .plan import Plan
from .slot import Slot
from .state import Waiter
from .statistics import PoolStatistics
from .steps import Check, Close, Open, Reset, Sleep, Step, Wait

T = TypeVar("T")
R = TypeVar("R")


class ThreadWaiter(Waiter[T]):
    """Sleeps on a lock of its own, so that exactly the one who is served wakes."""

    __slots__ = ("_lock", "slot")

    def __init__(self) -> None:
        self.slot: Slot[T] | None = None
        self._lock = threading.Lock()
        self._lock.acquire()

    def give(self, slot: Slot[T] | None) -> None:
        """Wake it."""
        self.slot = slot
        self._lock.release()

    def wait(self, timeout: float | None) -> bool:
        """Whether it was woken in time."""
        return self._lock.acquire(timeout=-1 if timeout is None else min(timeout, threading.TIMEOUT_MAX))


class Pool(BasePool[T]):
    """Keeps resources that are dear to open and lends each to one borrower at a time, in order of asking.

    >>> import sqlite3
    >>> with Pool(lambda: sqlite3.connect(":memory:", check_same_thread=False), name="db", maximum=2) as pool:
    ...     with pool.acquire() as connection:
    ...         connection.execute("select 1").fetchone()
    ...     pool
    (1,)
    <Pool 'db' [Leases: 0 out, 0 waiting | Resources: 1 idle, 1 open of 2]>

    `check` says whether an idle resource is still alive, `reset` cleans one for the next borrower, `close`
    ends one (its own `close` method by default); an exception of `check` or `reset` means that the resource
    is closed and replaced.  The other arguments are those of `Options`.  With `one_thread` the pool belongs
    to the thread that makes it; with `reopen_elsewhere` a forked child starts afresh instead of being
    refused.  `clock`, `sleep` and `random` are there for tests.
    """

    _noun = "Pool"
    _waiter = ThreadWaiter

    def __init__(
        self,
        factory: Callable[[], T],
        *,
        name: str | None = None,
        close: Callable[[T], object] | None = None,
        check: Callable[[T], object] | None = None,
        reset: Callable[[T], object] | None = None,
        minimum: int = 0,
        maximum: int = 10,
        timeout: float | None = 30.0,
        check_after: float = 0.0,
        max_lifetime: float | None = None,
        lifetime_jitter: float = 0.05,
        max_idle: float | None = None,
        sweep_every: float | None = 30.0,
        retry_on: tuple[type[Exception], ...] = (OSError,),
        backoff: Backoff | None = None,
        one_thread: bool = False,
        reopen_elsewhere: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        random: Callable[[], float] = randomness.random,
    ) -> None:
        self._close, self._check, self._reset = close, check, reset
        self._sleep = sleep
        self._confined = one_thread
        self._plain = check is None and reset is None
        options = Options(
            name=name or default_name(factory),
            minimum=minimum,
            maximum=maximum,
            timeout=timeout,
            check_after=check_after,
            max_lifetime=max_lifetime,
            lifetime_jitter=lifetime_jitter,
            max_idle=max_idle,
            sweep_every=sweep_every,
            retry_on=retry_on,
            backoff=backoff or Backoff(),
        )
        super().__init__(factory, options, clock, random, check is not None, reopen_elsewhere)

    def _start_afresh(self) -> None:
        self._stop = threading.Event()
        self._sweeper: threading.Thread | None = None
        super()._start_afresh()

    def _make_lock(self) -> AbstractContextManager[Any]:
        self._taking_in = TakeIn(ref(self))
        self._dropped = self._taking_in.dropped
        lock: AbstractContextManager[Any] = self._taking_in.lock
        self._enter, self._leave = self._taking_in.lock.acquire, self._taking_in.lock.release
        return lock

    # -- borrowing ---------------------------------------------------------------------------------

    def acquire(self, timeout: float | Default | None = DEFAULT) -> PoolLease[T]:
        """Lend a resource, waiting for at most `timeout` seconds (None: for ever; default: the pool's).

        Raises `Exhausted` when none came free, naming who holds what; `CannotOpen` during an outage;
        `Closed`; `WrongProcess`; `WrongThread`; and what the factory raises outside `retry_on`.
        """
        lease: PoolLease[T] = PoolLease()
        lease._held = False
        lease._positions = snapshot()
        if self._confined:
            self._owner.check_thread()
        # The path that everybody takes is written out: a call less, and `with` costs twice as much.  While
        # anybody waits, or the pool is drained or closed, nothing fresh is idle: one test is enough.
        state = self._state
        clock, enter, leave = state.clock, self._enter, self._leave
        now = clock()
        try:
            enter()
            idle = state.idle
            if idle and now < (slot := idle[-1]).fresh_until:
                lease._lender = self
                lease.id = next_id()
                slot.lease = ref(lease)
                # Interrupts strike after calls: there is none while the slot changes hands.
                slot.leased_at = now
                lease._value = slot
                del idle[-1]
                lease._held = True
                state.acquired += 1
        except BaseException:
            self._taking_in.leave_if_entered()
            raise
        leave()
        if self._dropped:
            self._taking_in.settle()
        if not lease._held:
            self._acquire_slowly(lease, self._options.timeout if isinstance(timeout, Default) else timeout)
        if hooks:
            emit(lease.event("acquired"))
        return lease

    def _acquire_slowly(self, lease: PoolLease[T], timeout: float | None) -> None:
        if self._options.needs_sweep and self._sweeper is None:
            self._start_sweeper()
        lease._lender = self
        lease.id = next_id()
        reference = ref(lease)
        slot = self._run(self._planner.obtain(timeout))
        lease._value = slot
        slot.lease = reference
        lease._held = True
        with self._planner.lock:
            self._state.lease_begins(slot)

    def end(self, lease: PoolLease[T], ending: Ending, frame: FrameType) -> None:
        """Called by the lease when it is released or discarded, in that frame; not for others."""
        state = self._state
        clock, enter, leave = state.clock, self._enter, self._leave
        now = clock()
        slot: Slot[T] | None = None
        try:
            enter()
            if not lease._held:
                raise lease.complain()
            lease._held = False
            lease._released = (frame.f_code, frame.f_lasti)
            slot = lease._value
            slot.lease = None
            state.lease_seconds += now - slot.leased_at
            if (
                ending == "released"
                and self._plain
                and now < slot.fresh_until
                and slot.generation == state.generation
                and not state.waiting
            ):
                slot.idle_since = now
                state.idle.append(slot)
                slot = None
            else:
                slot.adrift = True
            leave()
            if self._dropped:
                self._taking_in.settle()
            if hooks:
                emit(lease.event("released"))
            if slot is not None:
                self._end_slowly(slot, ending)
        except BaseException:
            self._taking_in.leave_if_entered()
            if slot is not None and slot.adrift:  # interrupted: as if the lease had been dropped
                self._dropped.append(slot)
                self._taking_in.settle()
            raise

    def _end_slowly(self, slot: Slot[T], ending: Ending) -> None:
        if ending == "released" and self._reset is None:
            with self._planner.lock:
                kept = self._state.put_back(slot)
            if not kept:
                self._retire(slot)
        else:
            self._run(self._planner.give_back(slot, ending, self._reset is not None))

    def take_back(self, _lease: PoolLease[T], slot: Slot[T], _ending: Ending, /) -> None:
        """Called by the lease when it is garbage-collected; not for others."""
        self._dropped.append(slot)
        self._taking_in.settle()

    def _take_in(self, slot: Slot[T]) -> bool:
        return self._state.strand(slot) if slot.adrift else self._state.lease_dropped(slot)

    def _retire(self, slot: Slot[T]) -> None:
        self._run(self._planner.retire_all([slot]))

    def statistics(self) -> PoolStatistics:
        """What the pool has and has counted, as one frozen record."""
        if self._dropped:
            self._taking_in.settle()
        return super().statistics()

    # -- the whole pool ----------------------------------------------------------------------------

    def fill(self, timeout: float | Default | None = DEFAULT) -> None:
        """Open resources until the minimum exists.  Raises what `acquire` raises."""
        self._run(self._planner.fill(self._options.timeout if isinstance(timeout, Default) else timeout))

    def sweep(self) -> None:
        """Close what is too old or idle too long, then fill up to the minimum; happens by itself as well."""
        self._run(self._planner.sweep())

    def expire(self) -> None:
        """Have every resource replaced: the idle ones now, the leased ones when they come back."""
        with self._planner.lock:
            victims = self._state.expire()
        self._run(self._planner.retire_all(victims))

    def resize(self, maximum: int, minimum: int | None = None) -> None:
        """Set new bounds.  Leased resources beyond a smaller maximum are closed when they come back."""
        least = self._state.minimum if minimum is None else minimum
        Options(self.name, minimum=least, maximum=maximum)  # raises for what cannot be
        with self._planner.lock:
            victims = self._state.resize(least, maximum)
        self._run(self._planner.retire_all(victims))

    def drain(self, timeout: float | None = 30.0) -> None:
        """Wait until every resource has come back and is closed, while borrowers queue; then go on.

        Raises `StillHeld` after `timeout` seconds, naming each lease; the pool goes on then too.
        """
        self._run(self._planner.drain(timeout))

    def close(self, timeout: float | None = 10.0) -> None:
        """Refuse borrowers from now on, close what is idle, wait for what is leased.

        Raises `StillHeld` after `timeout` seconds, naming each lease; what these hold is closed when it
        comes back.  May be called again.
        """
        with self._planner.lock:
            victims = self._refuse()
        self._stop.set()
        sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None and sweeper is not threading.current_thread():
            sweeper.join(timeout)
        self._run(self._planner.shut(victims, timeout))

    def __enter__(self) -> Pool[T]:
        if self._options.minimum:
            self.fill()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.close()
        except StillHeld as complaint:
            if error is None:
                raise
            error.add_note(str(complaint))

    def __del__(self) -> None:
        state = getattr(self, "_state", None)
        if state is None or state.refusal is not None:
            return
        self._stop.set()
        victims = state.refuse(self._owner.wrong_process)
        if victims:
            self._run(self._planner.retire_all(victims))
            warnings.warn(
                f"{self.label}, made at {self.origin}, was dropped with {len(victims)} resources open. "
                "Call close(), or use it in a `with` block.",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )

    # -- driving plans -----------------------------------------------------------------------------

    def _run(self, procedure: Plan[R]) -> R:
        plan = cast("GeneratorType[Step, Any, R]", procedure)
        answer: Any = None
        trouble: BaseException | None = None
        while True:
            try:
                step = plan.send(answer) if trouble is None else plan.throw(trouble)
                answer = trouble = None
                if self._dropped:
                    self._taking_in.settle()
                answer = self._do(step)
            except StopIteration as end:
                if plan.gi_frame is None:
                    result: R = end.value
                    if self._dropped:
                        self._taking_in.settle()
                    return result
                trouble = end
            except BaseException as error:
                if plan.gi_frame is None:
                    trouble = None
                    if self._dropped:
                        self._taking_in.settle()
                    raise
                trouble = error  # an interrupt that struck outside the plan goes into it, too

    def _do(self, step: Step) -> Any:
        match step:
            case Wait():
                assert isinstance(step.waiter, ThreadWaiter)
                return step.waiter.wait(step.timeout)
            case Open():
                return self._factory()
            case Close():
                return close_itself(step.resource) if self._close is None else self._close(step.resource)
            case Check():
                return self._check is None or self._check(step.slot.resource)
            case Reset():
                return None if self._reset is None else self._reset(step.slot.resource)
            case Sleep():
                return self._stop.wait(step.seconds) if self._sleep is None else self._sleep(step.seconds)

    def _start_sweeper(self) -> None:
        with self._planner.lock:
            if self._sweeper is not None or self._stop.is_set():
                return
            every = self._options.sweep_every
            assert every is not None
            self._sweeper = threading.Thread(
                target=_sweep, args=(ref(self), self._stop, every), name=f"sweep of {self.label}", daemon=True
            )
            self._sweeper.start()


def _sweep(pool: ref[Pool[Any]], stop: threading.Event, every: float) -> None:
    while not stop.wait(every):
        alive = pool()
        if alive is None:
            return
        alive.sweep()
        del alive
