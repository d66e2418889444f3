"""The asynchronous cache."""

from __future__ import annotations

import asyncio
import inspect
import os
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Self, TypeAlias, TypeVar, cast, overload

from ..errors import WrongLoop
from ..origin import Origin
from .core import CacheCore
from .entry import MISSING, Cause, K, Removal, Timed, V
from .errors import LoadCancelled
from .releasing import Release, raise_all, tell
from .state import _inherited

D = TypeVar("D")
T = TypeVar("T")


Loader: TypeAlias = Callable[[K], Awaitable[V | Timed[V]] | Awaitable[V] | V | Timed[V]]


class _Load:
    """A load in a task of its own, and how many callers wait for it."""

    __slots__ = ("callers", "task")

    def __init__(self) -> None:
        self.callers = 0
        self.task: asyncio.Task[Any] | None = None


class AsyncCache(CacheCore[K, V]):
    """The cache for one event loop: as :class:`Cache`, with callbacks, closing and loaders that may await.

    Looking (`get`, `in`, `cache[key]`) awaits nothing.  Whatever releases values does so in a task of the
    cache, so a cancelled caller stops waiting and the values are closed all the same.

    >>> import asyncio
    >>> async def main():
    ...     async def load(key):
    ...         return key.upper()
    ...     async with AsyncCache(max_items=100) as cache:
    ...         return await asyncio.gather(*(cache.load("a", load) for _ in range(3)))
    >>> asyncio.run(main())
    ['A', 'A', 'A']
    """

    __slots__ = ("_closing", "_loop", "_tasks")

    def _prepare(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing: asyncio.Task[None] | None = None

    def after_fork_in_child(self) -> None:
        """As in a :class:`Cache`; the child's cache belongs to the first loop that uses it there."""
        super().after_fork_in_child()
        _inherited.append((self._loop, self._tasks, self._closing))
        self._prepare()

    async def put(
        self, key: K, value: V, *, ttl: float | None = None, idle: float | None = None, priority: float = 0
    ) -> None:
        """Store a value; what has to leave for it is told and closed before this returns.

        Raises `ValueError` when the value alone is heavier than the bound, `Closed` after `close()`.
        """
        self._enter()
        await self._release(self._store(key, value, ttl, idle, priority))

    async def load(
        self,
        key: K,
        loader: Loader[K, V],
        *,
        ttl: float | None = None,
        idle: float | None = None,
        priority: float = 0,
    ) -> V:
        """Return the value under `key`, calling `loader(key)` once for all tasks that ask at the same time.

        The load runs in a task of its own: it goes on when the caller who began it is cancelled, and is
        cancelled when nobody waits any more.  A loader that knows how long its value holds returns it as
        `Timed(value, ttl)`.  Whoever waits gets the value, or the loader's error.  A key
        that is put, removed or cleared during the load wins: the loaded value is handed to those who wait
        and not kept.

        Raises `LoadCancelled` when the load, and not the caller, was cancelled.
        """
        value = self.get(key, MISSING)
        if value is not MISSING:
            return value
        self._enter()
        self._refuse_if_closed()
        with self._lock:
            load: _Load = self._join(key, _Load())
            if load.task is None:
                load.task = self._start(self._run(load, key, loader, ttl, idle, priority))
        return await self._wait_for(load, key)

    async def renew(
        self,
        key: K,
        loader: Loader[K, V],
        *,
        ttl: float | None = None,
        idle: float | None = None,
        priority: float = 0,
    ) -> V:
        """Load the value anew, whatever is there; until it has come, whoever asks gets the old one.

        Takes the place of a load that is under way.  As with `load`, a key that is changed meanwhile wins.
        """
        self._enter()
        self._refuse_if_closed()
        with self._lock:
            load = self._loads[key] = _Load()
            self._loads_run += 1
            load.task = self._start(self._run(load, key, loader, ttl, idle, priority))
        return await self._wait_for(load, key)

    async def _wait_for(self, load: _Load, key: K) -> V:
        task = load.task
        assert task is not None
        load.callers += 1
        try:
            await asyncio.wait((task,))
            if task.cancelled():
                raise LoadCancelled(f"the load of {key!r} for {self.label} was cancelled before it had a value")
            return cast(V, task.result())
        finally:
            load.callers -= 1
            if not load.callers and not task.done():
                self._end(load, key)
                task.cancel()
            del load, task  # an error's traceback holds this frame, and the task holds the error

    async def _run(
        self,
        load: _Load,
        key: K,
        loader: Loader[K, V],
        ttl: float | None,
        idle: float | None,
        priority: float,
    ) -> V:
        try:
            answer = loader(key)
            loaded: V | Timed[V] = await answer if inspect.isawaitable(answer) else answer
            if isinstance(loaded, Timed):
                value, ttl = loaded
            else:
                value = loaded
            removals = [] if value is MISSING else self._store(key, value, ttl, idle, priority, load)
            self._end(load, key)
        except BaseException:
            self._end(load, key, failed=True)
            raise
        finally:
            del load
        await self._release(removals)
        return value

    @asynccontextmanager
    async def borrow(self, key: K) -> AsyncIterator[V]:
        """Use a value that the cache closes: if it leaves meanwhile, it is closed after the block.

        Raises `KeyError` when there is no such key.
        """
        value, holding = self._lend(key)
        try:
            yield value
        finally:
            if self._returned(holding):
                await self._release([Removal(key, value, Cause.REMOVED, True)], tell_listener=False)

    @overload
    async def take(self, key: K) -> V | None: ...
    @overload
    async def take(self, key: K, default: D) -> V | D: ...
    async def take(self, key: K, default: Any = None) -> Any:
        """Remove a value and return it without closing it: the caller owns it now.

        Returns `default` when it is not there or its time is over.
        """
        removal = self._withdraw(key, Cause.TAKEN)
        if removal is None:
            return default
        taken = removal.cause is Cause.TAKEN
        if taken:
            self._begin([removal])  # not awaited: a cancellation here would lose the value
        else:
            await self._release([removal])
        return removal.value if taken else default

    async def remove(self, key: K) -> bool:
        """Remove a value and close it; false when there was none.

        Raises an exception group of what `on_remove` and closing raised.
        """
        removal = self._withdraw(key, Cause.REMOVED)
        if removal is not None:
            await self._release_or_raise([removal])
        return removal is not None

    async def expire(self) -> int:
        """Remove every entry whose time is over; returns how many there were."""
        return await self._release(self._expired())

    def evict(self, share: float) -> int:
        """Give back `share` (0 to 1) of what is held, the policy's choice first; returns how many left.

        Any thread may call it.  Their closing goes on in the cache's loop: `settle()` waits for it.
        """
        removals = self._press(share)
        if removals and self._loop is not None and self._releases:
            if _running() is self._loop:
                self._begin(removals)
            else:
                self._loop.call_soon_threadsafe(self._begin, removals)
        return len(removals)

    async def settle(self) -> None:
        """Wait until no load and no closing is under way."""
        while others := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(others)

    async def clear(self) -> None:
        """Remove everything.  Raises an exception group of what the callbacks raised, after all were tried."""
        await self._release_or_raise(self._empty(Cause.REMOVED))

    async def close(self) -> None:
        """Cancel the loads and remove everything, for good.

        Goes on to the end when the caller is cancelled; whoever calls it again waits for that same end.
        Raises as `clear` does.
        """
        if self._closing is None:
            self._enter()
            self._closed = True
            self._closing = asyncio.create_task(self._shut())
        await asyncio.wait((self._closing,))
        self._closing.result()

    async def _shut(self) -> None:
        for load in list(self._loads.values()):
            load.task.cancel()
        try:
            await self._release_or_raise(self._empty(Cause.CLOSED))
        finally:
            await self.settle()

    async def __aenter__(self) -> Self:
        self._enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Releasing

    @property
    def _releases(self) -> bool:
        return self._on_remove is not None or self._close is not None

    def _overdue(self) -> None:
        if self._loop is not None and _running() is self._loop:
            self._begin(self._expired())

    def _begin(self, removals: list[Removal[K, V]]) -> None:
        """Release without waiting: what does not await is done at once, the rest goes on in a task."""
        if removals and self._releases:
            release, answer = self._first(removals, True)
            if answer is None:
                self._told(release)
            else:
                self._start(self._finish(release, answer))

    async def _release(self, removals: list[Removal[K, V]], tell_listener: bool = True) -> int:
        if removals and self._releases:
            release, answer = self._first(removals, tell_listener)
            if answer is None:
                self._told(release)
            else:
                await _outlive(self._start(self._finish(release, answer)))
        return len(removals)

    async def _release_or_raise(self, removals: list[Removal[K, V]]) -> None:
        release, answer = self._first(removals, True)
        if answer is not None:
            await _outlive(self._start(release.finish(answer)))
        self._count(release.failures)
        raise_all(release.failures, self.label)

    def _first(self, removals: list[Removal[K, V]], tell_listener: bool) -> tuple[Release, Awaitable[object] | None]:
        release = Release(removals, self._on_remove if tell_listener else None, self._close)
        return release, release.run()

    async def _finish(self, release: Release, answer: Awaitable[object]) -> None:
        await release.finish(answer)
        self._told(release)

    def _told(self, release: Release) -> None:
        self._count(release.failures)
        tell(release.failures, self.label)

    def _start(self, body: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(body, name=f"{self.label} at work")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; when nobody did, the load was nobody's any more

    def _enter(self) -> None:
        """Belong to the first loop that uses the cache, and refuse the others."""
        running = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = running
        elif self._loop is not running:
            raise WrongLoop(
                f"{self.label}, made at {Origin(self._created)}, belongs to {self._loop!r} and was used in "
                f"{running!r}: make one cache for each loop"
            )

    def __del__(self) -> None:
        if getattr(self, "_closed", True) or self._pid != os.getpid():
            return
        self._closed = True
        left = self._empty(Cause.CLOSED)
        if left and self._close is not None:
            warnings.warn(
                f"{self.label} was dropped with {len(left)} values that it owns, which stay open. It was made at "
                f"{Origin(self._created)}: use it in an `async with` block, or await close().",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )


async def _outlive(task: asyncio.Task[T]) -> T:
    """Wait for a task that goes on when the waiting is cancelled."""
    await asyncio.wait((task,))
    return task.result()


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
