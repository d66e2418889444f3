"""The state of a pool and every change of it: no I/O, no waiting, no lock of its own.

Both kinds of pool share it.  Its methods are called with the pool's lock held (an event loop needs none)
and are short; what must be done outside is what they return.  All hand-outs happen in `_serve` and
`take`, so the rules of fairness can be read in one place: who waits is served first, oldest first, and a
newcomer gets something at once only when nobody waits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import count, islice
from math import inf
from typing import Generic, Protocol, TypeVar

from ..errors import MemguardError
from .options import Options
from .slot import EMPTY, Slot
from .statistics import PoolStatistics

T = TypeVar("T")

_generations = count(1)
"""Unique in the process, so that a slot is never taken for one of another pool's state."""

DOOMED = 0
"""The generation of slots that are to be closed as soon as they come back."""


class Waiter(Protocol[T]):
    """One who waits: in the queue for a slot, or for the pool to become empty."""

    slot: Slot[T] | None

    def give(self, slot: Slot[T] | None) -> None:
        """Wake it, once, with a slot, or with None: look again at what has changed."""


class Outage:
    """The factory fails: from the first failure to the next success, one slot at a time may try."""

    __slots__ = ("attempts", "error", "prober", "retry_at")

    def __init__(self) -> None:
        self.attempts = 0
        self.retry_at = -inf
        self.prober: Slot[object] | None = None
        self.error: Exception | None = None


class PoolState(Generic[T]):
    """Slots, queue and counters.  The invariants (`check_invariants`) hold between any two calls."""

    __slots__ = (
        "acquired",
        "check_after",
        "check_failures",
        "clock",
        "close_failures",
        "closed_count",
        "discarded",
        "dropped",
        "expired",
        "generation",
        "idle",
        "lease_seconds",
        "longest_wait",
        "maximum",
        "minimum",
        "open_failures",
        "opened_count",
        "options",
        "outage",
        "paused",
        "random",
        "reaped",
        "refusal",
        "reset_failures",
        "slots",
        "timeouts",
        "wait_seconds",
        "waiting",
        "waits",
        "watchers",
    )

    def __init__(self, options: Options, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self.options = options
        self.minimum = options.minimum
        self.maximum = options.maximum
        self.check_after = options.check_after
        """Infinite when there is no check."""
        self.clock = clock
        self.random = random
        self.slots: dict[Slot[T], None] = {}
        """All of them, oldest first."""
        self.idle: list[Slot[T]] = []
        """A stack: the resource used last is used next, and the others get old enough to be reaped."""
        self.waiting: OrderedDict[Waiter[T], None] = OrderedDict()
        self.watchers: list[Waiter[T]] = []
        """Who waits for the last slot to go."""
        self.paused = False
        """While draining: nothing is handed out, borrowers queue."""
        self.refusal: Callable[[], MemguardError] | None = None
        """Set for good when the pool is closed or in the wrong process: makes what borrowers get raised."""
        self.outage: Outage | None = None
        self.generation = next(_generations)
        """A slot of another generation is not used again: the pool was drained, closed, resized or forked."""
        self.acquired = self.discarded = self.dropped = self.timeouts = self.waits = 0
        self.opened_count = self.closed_count = self.expired = self.reaped = 0
        self.open_failures = self.check_failures = self.reset_failures = self.close_failures = 0
        self.wait_seconds = self.longest_wait = self.lease_seconds = 0.0

    # -- handing out -------------------------------------------------------------------------------

    def lease_begins(self, slot: Slot[T]) -> None:
        """Note that a slot, made ready, goes into a borrower's hands."""
        slot.leased_at = self.clock()
        self.acquired += 1

    def take(self) -> Slot[T] | None:
        """A slot for a newcomer, if one is free and nobody waits for it."""
        if self.waiting or self.paused or self.refusal is not None:
            return None
        if self.idle:
            slot = self.idle[-1]
            del self.idle[-1]  # an interrupt may strike after a call, so there is none
            return slot
        return self._reserve() if self._may_open() else None

    def enqueue(self, waiter: Waiter[T], front: bool) -> None:
        """Put a borrower into the queue: at the end, or back at the front when it has been served in vain."""
        self.waiting[waiter] = None
        if front:
            self.waiting.move_to_end(waiter, last=False)
        self._serve()

    def leave_queue(self, waiter: Waiter[T]) -> Slot[T] | None:
        """End a wait, for whatever reason: what the waiter was given, which may have come just now."""
        if waiter in self.waiting:
            del self.waiting[waiter]
            return None
        return waiter.slot

    def waited(self, seconds: float) -> None:
        """Note that a borrower queued and was served."""
        self.waits += 1
        self.wait_seconds += seconds
        self.longest_wait = max(self.longest_wait, seconds)

    def _serve(self) -> None:
        while self.waiting and not self.paused:
            if self.idle:
                slot = self.idle.pop()
            elif self._may_open():
                slot = self._reserve()
            else:
                return
            waiter, _ = self.waiting.popitem(last=False)
            waiter.give(slot)

    def _may_open(self) -> bool:
        if self.outage is not None and self.outage.prober is not None:
            return False
        return len(self.slots) < self.maximum

    def _reserve(self) -> Slot[T]:
        slot: Slot[T] = Slot(self.generation)
        self.slots[slot] = None
        if self.outage is not None:
            self.outage.prober = slot  # type: ignore[assignment]
        return slot

    def reserve_for_minimum(self) -> Slot[T] | None:
        """A slot to be filled in advance, if the minimum is not reached and no borrower needs it more."""
        wanted = len(self.slots) < self.minimum and self.refusal is None
        return self._reserve() if wanted and not self.paused and not self.waiting and self._may_open() else None

    # -- opening -----------------------------------------------------------------------------------

    def may_try(self, slot: Slot[T]) -> bool:
        """Whether this slot may call the factory.  False: in an outage another one does, this slot is gone."""
        outage = self.outage
        if outage is None:
            return True
        if outage.prober is None:
            outage.prober = slot  # type: ignore[assignment]
        if outage.prober is slot:
            return True
        self.vacate(slot)
        return False

    def opened(self, slot: Slot[T], resource: T) -> None:
        """Note a success: the outage, if any, is over."""
        slot.resource = resource
        self.opened_count += 1
        if self.options.max_lifetime is not None:
            share = 1.0 - self.options.lifetime_jitter * self.random()
            slot.expires_at = self.clock() + self.options.max_lifetime * share
        if self.check_after == inf:
            slot.fresh_until = slot.expires_at
        if self.outage is not None:
            self.outage = None
            self._serve()

    def open_failed(self, slot: Slot[T], error: Exception) -> bool:
        """Note a failure that may pass.

        True: this slot tries again, later.  False: another does, and the slot is gone.
        """
        self.open_failures += 1
        outage = self.outage = self.outage or Outage()
        if not self.may_try(slot):
            return False
        outage.attempts += 1
        outage.error = error
        outage.retry_at = self.clock() + self.options.backoff.delay(outage.attempts, self.random())
        return True

    def vacate(self, slot: Slot[T]) -> None:
        """Give up a slot whose resource is closed or never came: its capacity is free for others."""
        assert slot.resource is EMPTY
        slot.adrift = False
        self.slots.pop(slot, None)
        if self.outage is not None and self.outage.prober is slot:
            self.outage.prober = None
        self._serve()
        if self.watchers and not self.slots:
            watchers, self.watchers = self.watchers, []
            for watcher in watchers:
                watcher.give(None)

    # -- coming back -------------------------------------------------------------------------------

    def put_back(self, slot: Slot[T]) -> bool:
        """Make a good resource available again.  False: the caller must close it and vacate the slot."""
        now = self.clock()
        if slot.unfit or slot.generation != self.generation:
            return False
        if now >= slot.expires_at:
            self.expired += 1
            return False
        slot.idle_since = now
        slot.fresh_until = min(slot.expires_at, now + self.check_after)
        waiter = self.waiting.popitem(last=False)[0] if self.waiting and not self.paused else None
        slot.adrift = False
        if waiter is not None:
            waiter.give(slot)
        else:
            self.idle.append(slot)
        return True

    def returned(self, slot: Slot[T]) -> bool:
        """End a lease and make its resource available, when no reset is wanted: `put_back` on the fast path."""
        now = self.clock()
        slot.lease = None
        self.lease_seconds += now - slot.leased_at
        if self.waiting or slot.generation != self.generation or now >= slot.expires_at or self.check_after != inf:
            return self.put_back(slot)
        slot.idle_since = now
        self.idle.append(slot)
        return True

    def lease_ended(self, slot: Slot[T]) -> None:
        """Note that a borrower's hands are off it."""
        slot.lease = None
        self.lease_seconds += self.clock() - slot.leased_at

    def lease_dropped(self, slot: Slot[T]) -> bool:
        """Take back what was dropped; as `strand`."""
        self.lease_ended(slot)
        self.dropped += 1
        return self.strand(slot)

    def strand(self, slot: Slot[T]) -> bool:
        """Take in a slot whose resource is in an unknown state: somebody may still use it, or was interrupted.

        The next borrower closes it before re-use, since this may run inside the garbage collector.  False:
        nobody will come any more, the caller must close it and vacate the slot.
        """
        slot.unfit = True
        slot.fresh_until = -inf
        slot.adrift = False
        if self.refusal is not None or self.paused:
            return False
        if self.waiting:
            waiter, _ = self.waiting.popitem(last=False)
            waiter.give(slot)
        else:
            self.idle.insert(0, slot)
        return True

    # -- changing the pool -------------------------------------------------------------------------

    def resize(self, minimum: int, maximum: int) -> list[Slot[T]]:
        """Set new bounds: the idle slots beyond them, to be closed.  Leased ones follow as they return."""
        self.minimum, self.maximum = minimum, maximum
        self._serve()
        excess = max(0, len(self.slots) - maximum)
        victims, self.idle = self.idle[:excess], self.idle[excess:]
        busy = self.slots.keys() - {*victims, *self.idle}
        for slot in islice((slot for slot in self.slots if slot in busy), excess - len(victims)):
            slot.generation = DOOMED
        return victims

    def expire(self) -> list[Slot[T]]:
        """Begin a new generation: the idle slots of the old one, to be closed.  Leased ones follow."""
        victims = self._begin_generation()
        self.expired += len(victims)
        return victims

    def _begin_generation(self) -> list[Slot[T]]:
        self.generation = next(_generations)
        victims, self.idle = self.idle, []
        return victims

    def refuse(self, refusal: Callable[[], MemguardError]) -> list[Slot[T]]:
        """End the service: the idle slots, to be closed.  Who waits is woken and gets the refusal."""
        self.refusal = refusal
        waiting, self.waiting = self.waiting, OrderedDict()
        for waiter in waiting:
            waiter.give(None)
        return self._begin_generation()

    def resume(self) -> None:
        """End a pause."""
        self.paused = False
        self._serve()

    def reap(self) -> list[Slot[T]]:
        """The idle slots to be closed: dropped, too old, or idle too long and above the minimum."""
        now = self.clock()
        spare = len(self.slots) - self.minimum
        victims, kept = [], []
        for slot in self.idle:  # longest idle first
            if slot.unfit or now >= slot.expires_at:
                self.expired += not slot.unfit
                victims.append(slot)
            elif self._idle_too_long(slot, now) and len(victims) < spare:
                self.reaped += 1
                victims.append(slot)
            else:
                kept.append(slot)
        self.idle = kept
        return victims

    def _idle_too_long(self, slot: Slot[T], now: float) -> bool:
        limit = self.options.max_idle
        return limit is not None and now - slot.idle_since >= limit

    # -- looking -----------------------------------------------------------------------------------

    def statistics(self) -> PoolStatistics:
        """The counters and the state, as one record."""
        slots = tuple(self.slots)  # one atomic step: others may be changing it
        leased = sum(slot.lease is not None for slot in slots)
        idle = len(self.idle)
        return PoolStatistics(
            minimum=self.minimum,
            maximum=self.maximum,
            idle=idle,
            leased=leased,
            changing=max(0, len(slots) - idle - leased),
            waiting=len(self.waiting),
            acquired=self.acquired,
            discarded=self.discarded,
            dropped=self.dropped,
            timeouts=self.timeouts,
            waits=self.waits,
            wait_seconds=self.wait_seconds,
            longest_wait=self.longest_wait,
            lease_seconds=self.lease_seconds,
            opened=self.opened_count,
            closed=self.closed_count,
            open_failures=self.open_failures,
            check_failures=self.check_failures,
            reset_failures=self.reset_failures,
            close_failures=self.close_failures,
            expired=self.expired,
            reaped=self.reaped,
        )

    def check_invariants(self) -> None:
        """What must hold between any two calls; tests call it after each.  Raises `AssertionError`."""
        assert len(self.idle) == len(set(self.idle)), "a slot is idle twice"
        assert self.slots.keys() >= set(self.idle), "an idle slot is not of this pool"
        leased = {slot for slot in self.slots if slot.lease is not None}
        assert not leased.intersection(self.idle), "a slot is idle and leased"
        assert all(slot.filled for slot in self.idle), "an idle slot holds nothing"
        if self.waiting and not self.paused:
            assert not self.idle, "something is idle while somebody waits"
            assert not self._may_open(), "there is room while somebody waits"
