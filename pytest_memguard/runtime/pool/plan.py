"""What a pool does, step by step, written once for threads and for event loops.

Each method is a generator: it changes the state under the lock, and yields a `Step` where it has to wait
or to touch a resource.  The driver does the step (by calling, or by awaiting), and sends the answer back
or throws the exception in.  A cancellation is thrown in like any exception, so there is one clean-up for
both kinds of pool.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeAlias, TypeVar

from ..errors import CannotOpen, Exhausted, StillHeld
from ..lease import Ending
from .slot import EMPTY, Slot
from .state import PoolState, Waiter
from .steps import Check, Close, Open, Reset, Sleep, Step, Wait

T = TypeVar("T")
R = TypeVar("R")
Plan: TypeAlias = Generator[Step, Any, R]

logger = logging.getLogger("pytest_memguard.runtime.pool")


class Planner(Generic[T]):
    """The procedures of one pool."""

    def __init__(
        self,
        label: str,
        state: PoolState[T],
        lock: AbstractContextManager[Any],
        make_waiter: Callable[[], Waiter[T]],
    ) -> None:
        self.label = label
        self.state = state
        self.lock = lock
        self.make_waiter = make_waiter

    # -- borrowing ---------------------------------------------------------------------------------

    def obtain(self, timeout: float | None) -> Plan[Slot[T]]:
        """Get a slot with a good resource in it, to be leased.

        Raises `Exhausted` or `CannotOpen` when the time is over, `Closed` and its like, and whatever the
        factory raises that is not retried.
        """
        deadline = None if timeout is None else self.state.clock() + timeout
        slot: Slot[T] | None = None
        front = False
        try:
            while True:
                slot = waiter = None
                with self.lock:
                    if not front:
                        slot = self.state.take()
                    if slot is None:
                        self._raise_refusal()
                        waiter = self.make_waiter()
                        self.state.enqueue(waiter, front)
                if waiter is not None:
                    slot = yield from self._queue(waiter, deadline)
                if slot is None:
                    continue
                if self.state.clock() < slot.fresh_until and slot.generation == self.state.generation:
                    return slot  # nothing to be done, as for most who waited
                if (yield from self._prepare(slot, deadline)):
                    return slot
                front = True
        except BaseException as error:
            if slot is not None:
                yield from self._retire(slot)
                if isinstance(error, CannotOpen):
                    with self.lock:
                        self.state.timeouts += 1
            raise

    def _queue(self, waiter: Waiter[T], deadline: float | None) -> Plan[Slot[T] | None]:
        began = self.state.clock()
        try:
            woken = waiter.slot is not None
            if not woken:
                woken = yield Wait(waiter, None if deadline is None else max(0.0, deadline - began))
        except BaseException:
            with self.lock:
                slot = self.state.leave_queue(waiter)
            if slot is not None:  # it was handed over in the very moment of the cancellation
                yield from self.put_back(slot)
            raise
        with self.lock:
            slot = self.state.leave_queue(waiter)
            now = self.state.clock()
            if slot is not None:
                self.state.waited(now - began)
                return slot
            self._raise_refusal()
            if woken:
                return None
            self.state.timeouts += 1
            raise self.too_late(now - began)

    def _prepare(self, slot: Slot[T], deadline: float | None) -> Plan[bool]:
        """Make a slot's resource good; who calls retires the slot if this raises.

        False when it was given up for an outage that another slot probes.
        """
        if slot.filled and not (yield from self._is_good(slot)):
            yield from self._close(slot)
        if not slot.filled:
            opened = yield from self._open(slot, deadline)
            if not opened:
                return False
        with self.lock:
            self._raise_refusal()
        return True

    def _is_good(self, slot: Slot[T]) -> Plan[bool]:
        state = self.state
        now = state.clock()
        if slot.unfit:
            return False
        if now >= slot.expires_at or slot.generation != state.generation:
            with self.lock:
                state.expired += 1
            return False
        if now < slot.fresh_until:
            return True
        try:
            good = bool((yield Check(slot)))
        except Exception:
            good = False
        if not good:
            with self.lock:
                state.check_failures += 1
        return good

    def _open(self, slot: Slot[T], deadline: float | None) -> Plan[bool]:
        state = self.state
        while True:
            with self.lock:
                if not state.may_try(slot):
                    return False
                self._raise_refusal()
                delay = self._delay(deadline)
            if delay > 0:
                yield Sleep(delay)
                continue
            try:
                resource = yield Open()
            except state.options.retry_on as error:
                with self.lock:
                    if not state.open_failed(slot, error):
                        return False
                continue
            except Exception:
                with self.lock:
                    state.open_failures += 1
                raise
            with self.lock:
                state.opened(slot, resource)
            return True

    def _delay(self, deadline: float | None) -> float:
        """Seconds until the next attempt is due.  Raises `CannotOpen` when that is too late."""
        outage = self.state.outage
        if outage is None:
            return 0.0
        if deadline is not None and outage.retry_at > max(deadline, self.state.clock()):
            raise self._cannot_open() from outage.error
        return outage.retry_at - self.state.clock()

    # -- giving back -------------------------------------------------------------------------------

    def give_back(self, slot: Slot[T], ending: Ending, reset: bool) -> Plan[None]:
        """After the end of a lease: reset the resource and make it available, or close it."""
        if ending != "released":
            with self.lock:
                self.state.discarded += 1
            yield from self._retire(slot)
            return
        if reset:
            try:
                yield Reset(slot)
            except BaseException as error:
                with self.lock:
                    self.state.reset_failures += 1
                yield from self._retire(slot)
                if not isinstance(error, Exception):
                    raise
                logger.warning("%s: a reset failed, its resource is closed", self.label, exc_info=error)
                return
        yield from self.put_back(slot)

    def put_back(self, slot: Slot[T]) -> Plan[None]:
        """Make an unleased slot available, or close what is in it when it should not be used again."""
        with self.lock:
            kept = slot.filled and self.state.put_back(slot)
        if not kept:
            yield from self._retire(slot)

    def retire_all(self, slots: list[Slot[T]]) -> Plan[None]:
        """Close the resources of slots that are in nobody's hands, every one, whatever the others do."""
        remaining = list(slots)
        while remaining:
            try:
                yield from self._retire(remaining.pop())
            except BaseException:
                yield from self.retire_all(remaining)
                raise

    def _retire(self, slot: Slot[T]) -> Plan[None]:
        try:
            if slot.filled:
                yield from self._close(slot)
        except BaseException:
            if slot.filled:  # interrupted before the close began
                yield from self._close(slot)
            raise
        finally:
            with self.lock:
                self.state.vacate(slot)

    def _close(self, slot: Slot[T]) -> Plan[None]:
        step = Close(slot.resource)
        try:
            try:
                with self.lock:
                    self.state.closed_count += 1
                slot.empty()
            finally:  # an interrupt there may not keep it open
                slot.resource = EMPTY
                yield step
        except Exception as error:
            with self.lock:
                self.state.close_failures += 1
            logger.warning("%s: a resource could not be closed", self.label, exc_info=error)

    # -- the whole pool ----------------------------------------------------------------------------

    def fill(self, timeout: float | None) -> Plan[None]:
        """Open resources until the minimum exists."""
        deadline = None if timeout is None else self.state.clock() + timeout
        while True:
            slot: Slot[T] | None = None
            try:
                with self.lock:
                    slot = self.state.reserve_for_minimum()
                    if slot is None:
                        return
                    slot.adrift = True
                if not (yield from self._prepare(slot, deadline)):
                    return
                yield from self.put_back(slot)
            except BaseException:
                if slot is not None and slot.adrift:
                    yield from self._retire(slot)
                raise

    def sweep(self) -> Plan[None]:
        """Close what is too old or idle too long, then fill up; an outage is left to the next sweep."""
        with self.lock:
            victims = self.state.reap()
        yield from self.retire_all(victims)
        try:
            yield from self.fill(0.0)
        except Exception as error:
            logger.info("%s: the sweep could not fill up: %s", self.label, error)

    def drain(self, timeout: float | None) -> Plan[None]:
        """Have every resource come back and be closed, while borrowers queue; then go on."""
        with self.lock:
            self._raise_refusal()
            self.state.paused = True
            victims = self.state.expire()
        try:
            yield from self.retire_all(victims)
            yield from self._until_empty(timeout, "drained")
        finally:
            with self.lock:
                self.state.resume()

    def shut(self, victims: list[Slot[T]], timeout: float | None) -> Plan[None]:
        """Close the idle, wait for the leased; the state refuses borrowers already."""
        yield from self.retire_all(victims)
        yield from self._until_empty(timeout, "closed")

    def _until_empty(self, timeout: float | None, what: str) -> Plan[None]:
        with self.lock:
            if not self.state.slots:
                return
            watcher = self.make_waiter()
            self.state.watchers.append(watcher)
        try:
            woken = yield Wait(watcher, timeout)
        finally:
            with self.lock:
                if watcher in self.state.watchers:
                    self.state.watchers.remove(watcher)
        if not woken:
            raise self.still_held(timeout or 0.0, what)

    # -- messages ----------------------------------------------------------------------------------

    def _raise_refusal(self) -> None:
        if self.state.refusal is not None:
            raise self.state.refusal()

    def too_late(self, seconds: float) -> Exception:
        """The error for a borrower whose time is over."""
        outage = self.state.outage
        if outage is not None and outage.error is not None:
            error = self._cannot_open()
            error.__cause__ = outage.error
            return error
        return Exhausted(
            f"{self.label} had nothing free within {seconds:.3g} s: {self.holders()}; "
            f"{len(self.state.waiting)} others wait. Release earlier, or raise `maximum` ({self.state.maximum})."
        )

    def still_held(self, seconds: float, what: str) -> StillHeld:
        """The error for a drain or close that took too long."""
        return StillHeld(
            f"{self.label} could not be {what} within {seconds:g} s: {self.holders()}. "
            "Release these leases first; what they hold is closed when it comes back."
        )

    def _cannot_open(self) -> CannotOpen:
        outage = self.state.outage
        assert outage is not None
        due = max(0.0, outage.retry_at - self.state.clock())
        return CannotOpen(
            f"{self.label} cannot open anything: {outage.attempts} attempts failed, the next is due in {due:.3g} s, "
            f"the last said {outage.error!r}. Check the server; borrowers recover by themselves."
        )

    def holders(self) -> str:
        """Who holds what, longest first, for messages."""
        now = self.state.clock()
        slots = sorted(self.state.slots, key=lambda slot: slot.leased_at)
        found = [(lease, slot) for slot in slots if slot.lease is not None and (lease := slot.lease()) is not None]
        lines = [
            f"lease {lease.id} for {now - slot.leased_at:.3g} s, acquired at {lease.origin}"
            for lease, slot in found[:10]
        ]
        if len(found) > 10:
            lines.append(f"and {len(found) - 10} more")
        busy = len(slots) - len(found) - len(self.state.idle)
        if busy:
            lines.append(f"{busy} being opened or closed")
        return "held are " + "; ".join(lines) if lines else "nothing is held"
