"""A pool for the tasks of one event loop."""

from __future__ import annotations

import asyncio
import contextvars
import random as randomness
import threading
import time
import warnings
import weakref
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager
from inspect import isawaitable
from types import TracebackType
from typing import Any, Generic, TypeVar

from ..errors import MemguardError, StillHeld, WrongLoop
from ..events import emit, hooks
from ..lease import Ending, next_id
from ..origin import snapshot
from .base import DEFAULT, BasePool, Default, close_itself, default_name
from .driver import Driver, FutureWaiter
from .lease import AsyncPoolLease, disown
from .options import Backoff, Options
from .slot import Slot
from .steps import Check, Close, Open, Reset, Step

T = TypeVar("T")


class Acquiring(Generic[T]):
    """What `AsyncPool.acquire` answers: await it for the lease, or enter it for the resource."""

    __slots__ = ("_lease", "_pool", "_timeout")

    def __init__(self, pool: AsyncPool[T], timeout: float | Default | None) -> None:
        self._pool = pool
        self._timeout = timeout

    def __await__(self) -> Generator[Any, None, AsyncPoolLease[T]]:
        lease = self._pool._acquire_now()
        if lease is None:
            lease = yield from self._pool._acquire_slowly(self._timeout).__await__()
        return lease

    async def __aenter__(self) -> T:
        lease = self._pool._acquire_now()
        if lease is None:
            lease = await self._pool._acquire_slowly(self._timeout)
        self._lease = lease
        return lease.value

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._lease.__aexit__(kind, error, traceback)


class AsyncPool(BasePool[T]):
    """Keeps resources that are dear to open and lends each to one task at a time, in order of asking.

    >>> import asyncio
    >>> async def connect():
    ...     return await asyncio.open_connection("127.0.0.1", 5432)
    >>> async def main():
    ...     async with AsyncPool(connect, close=lambda c: c[1].close(), name="db", maximum=2) as pool:
    ...         return pool
    >>> asyncio.run(main())
    <AsyncPool 'db' [closed, Leases: 0 out, 0 waiting | Resources: 0 idle, 0 open of 2]>

    As `Pool`; `close`, `check` and `reset` may be coroutine functions.  A caller's cancellation never
    interrupts them, nor the factory: the pool finishes in a task of its own.  `open_timeout` bounds the
    factory.  The pool belongs to the event loop that first uses it; with `reopen_elsewhere` it starts
    afresh in another once the first is closed.
    """

    _noun = "AsyncPool"
    _waiter = FutureWaiter

    def __init__(
        self,
        factory: Callable[[], Awaitable[T]],
        *,
        name: str | None = None,
        close: Callable[[T], object] | None = None,
        check: Callable[[T], object] | None = None,
        reset: Callable[[T], object] | None = None,
        minimum: int = 0,
        maximum: int = 10,
        timeout: float | None = 30.0,
        open_timeout: float | None = 30.0,
        check_after: float = 0.0,
        max_lifetime: float | None = None,
        lifetime_jitter: float = 0.05,
        max_idle: float | None = None,
        sweep_every: float | None = 30.0,
        retry_on: tuple[type[Exception], ...] = (OSError,),
        backoff: Backoff | None = None,
        reopen_elsewhere: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        random: Callable[[], float] = randomness.random,
    ) -> None:
        self._close, self._check, self._reset = close, check, reset
        self._open_timeout = open_timeout
        self._sleep = sleep
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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._driver = Driver(self.label, weakref.WeakMethod(self._perform), self._sleep)
        self._sweeper: asyncio.Task[None] | None = None
        super()._start_afresh()

    def _make_lock(self) -> AbstractContextManager[Any]:
        # Never contended.  It is there because the plans want one, and in C it costs less than one in Python
        # that does nothing.
        return threading.RLock()

    # -- borrowing ---------------------------------------------------------------------------------

    def acquire(self, timeout: float | Default | None = DEFAULT) -> Acquiring[T]:
        """Lend a resource: `async with pool.acquire() as resource`, or `lease = await pool.acquire()`.

        Raises as `Pool.acquire` does, and `WrongLoop`.
        """
        return Acquiring(self, timeout)

    def _acquire_now(self) -> AsyncPoolLease[T] | None:
        if asyncio.get_running_loop() is not self._loop:
            self._enter_loop()
        state = self._state
        now = state.clock()
        if not state.idle or now >= state.idle[-1].fresh_until:
            return None
        slot = state.idle.pop()
        slot.leased_at = now
        state.acquired += 1
        return self._lend(slot, snapshot(2))

    def _lend(self, slot: Slot[T], positions: Any) -> AsyncPoolLease[T]:
        lease: AsyncPoolLease[T] = AsyncPoolLease()
        lease._lender = self
        lease._value = slot
        lease.id = next_id()
        lease._positions = positions
        lease._token = None
        lease._held = True
        slot.lease = weakref.ref(lease)
        if hooks:
            emit(lease.event("acquired"))
        return lease

    async def _acquire_slowly(self, timeout: float | Default | None) -> AsyncPoolLease[T]:
        positions = snapshot(2)
        seconds = self._options.timeout if isinstance(timeout, Default) else timeout
        if self._options.needs_sweep and self._sweeper is None:
            self._start_sweeper()
        planner = self._planner

        def late() -> BaseException:
            self._state.timeouts += 1
            return planner.too_late(seconds or 0.0)

        slot = await self._driver.run(planner.obtain(seconds), seconds, late, planner.put_back)
        self._state.lease_begins(slot)
        return self._lend(slot, positions)

    def take_back(self, _lease: AsyncPoolLease[T], slot: Slot[T], ending: Ending, /) -> Awaitable[None] | None:
        """Called by the lease when it ends; not for others."""
        running = asyncio.get_running_loop()
        if running is not self._loop:
            self.take_back_dropped(None, slot)  # its own loop closes it
            raise self._owner.wrong_loop(running)
        if ending != "released" or self._reset is not None:
            self._state.lease_ended(slot)
            return self._driver.run(self._planner.give_back(slot, ending, self._reset is not None))
        if self._state.returned(slot):
            return None
        return self._driver.run(self._planner.retire_all([slot]))

    def take_back_dropped(self, _lease: Any, slot: Slot[T], /) -> None:
        """Called by the lease when it is garbage-collected, in any thread; not for others."""
        loop = self._loop
        if loop is None or loop.is_closed():
            self._state.lease_dropped(slot)
            return
        loop.call_soon_threadsafe(self._take_in, slot)

    def _take_in(self, slot: Slot[T]) -> None:
        if not self._state.lease_dropped(slot):
            self._driver.detach(self._driver.run(self._planner.retire_all([slot])))

    # -- the whole pool ----------------------------------------------------------------------------

    async def fill(self, timeout: float | Default | None = DEFAULT) -> None:
        """Open resources until the minimum exists.  Raises what `acquire` raises."""
        self._enter_loop()
        seconds = self._options.timeout if isinstance(timeout, Default) else timeout
        await self._driver.run(self._planner.fill(seconds))

    async def sweep(self) -> None:
        """Close what is too old or idle too long, then fill up to the minimum; happens by itself as well."""
        self._enter_loop()
        await self._driver.run(self._planner.sweep())

    async def expire(self) -> None:
        """Have every resource replaced: the idle ones now, the leased ones when they come back."""
        self._enter_loop()
        await self._driver.run(self._planner.retire_all(self._state.expire()))

    async def resize(self, maximum: int, minimum: int | None = None) -> None:
        """Set new bounds.  Leased resources beyond a smaller maximum are closed when they come back."""
        self._enter_loop()
        least = self._state.minimum if minimum is None else minimum
        Options(self.name, minimum=least, maximum=maximum)  # raises for what cannot be
        await self._driver.run(self._planner.retire_all(self._state.resize(least, maximum)))

    async def drain(self, timeout: float | None = 30.0) -> None:
        """Wait until every resource has come back and is closed, while borrowers queue; then go on.

        Raises `StillHeld` after `timeout` seconds, naming each lease; the pool goes on then too.
        """
        self._enter_loop()
        await self._driver.run(self._planner.drain(timeout))

    async def close(self, timeout: float | None = 10.0) -> None:
        """Refuse borrowers from now on, close what is idle, wait for what is leased.

        Raises `StillHeld` after `timeout` seconds, naming each lease; what these hold is closed when it
        comes back.  May be called again.
        """
        self._enter_loop()
        victims = self._refuse()
        self._driver.wake_all()
        sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None:
            sweeper.cancel()
        planner = self._planner
        await self._driver.run(
            planner.shut(victims, timeout), timeout, lambda: planner.still_held(timeout or 0.0, "closed")
        )

    async def __aenter__(self) -> AsyncPool[T]:
        self._enter_loop()
        if self._options.minimum:
            await self.fill()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self.close()
        except StillHeld as complaint:
            if error is None:
                raise
            error.add_note(str(complaint))

    def __del__(self) -> None:
        state = getattr(self, "_state", None)
        if state is None or state.refusal is not None:
            return
        count = sum(slot.filled for slot in state.slots)
        if count:
            warnings.warn(
                f"{self.label}, made at {self.origin}, was dropped with {count} resources open. "
                "Await its close(), or use it in an `async with` block.",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )

    # -- loop and I/O ------------------------------------------------------------------------------

    def _enter_loop(self) -> None:
        try:
            self._loop = self._owner.enter_loop()
        except WrongLoop:
            if not self._reopen_elsewhere or self._loop is None or not self._loop.is_closed():
                raise
            disown(tuple(self._state.slots), self.label)
            refusal: Callable[[], MemguardError] | None = self._state.refusal
            self._owner.loop = None
            self._start_afresh()
            self._state.refusal = refusal
            self._loop = self._owner.enter_loop()

    async def _perform(self, step: Step) -> Any:
        match step:
            case Open():
                async with asyncio.timeout(self._open_timeout):
                    return await self._factory()
            case Close():
                close = self._close or _close_itself
                answer = close(step.resource)
            case Check():
                answer = self._check is None or self._check(step.slot.resource)
            case Reset():
                answer = None if self._reset is None else self._reset(step.slot.resource)
            case _:
                raise AssertionError(step)
        return await answer if isawaitable(answer) else answer

    def _start_sweeper(self) -> None:
        every = self._options.sweep_every
        assert every is not None
        # An empty context: the sweep does not work on behalf of the request that happened to come first.
        self._sweeper = asyncio.get_running_loop().create_task(
            _sweep(weakref.ref(self), every), name=f"sweep of {self.label}", context=contextvars.Context()
        )


def _close_itself(resource: Any) -> Any:
    return close_itself(resource, ("aclose", "close"))


async def _sweep(pool: weakref.ref[AsyncPool[Any]], every: float) -> None:
    while True:
        await asyncio.sleep(every)
        alive = pool()
        if alive is None or alive.closed:
            return
        await alive.sweep()
        del alive
