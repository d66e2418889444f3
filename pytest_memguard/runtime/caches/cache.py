"""The synchronous cache."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import get_ident
from typing import Any, Self, TypeVar, cast, overload

from ..origin import Origin
from .core import CacheCore
from .entry import MISSING, Cause, K, Removal, Timed, V
from .releasing import Release, raise_all, tell

D = TypeVar("D")


class _Load(Future[Any]):
    """A load under way, by the thread that made it: the others wait."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = get_ident()

    @property
    def begun_here(self) -> bool:
        """Whether waiting for it would be for ever."""
        return self._thread == get_ident()


class _Interrupted(Exception):
    """The thread that loaded was interrupted."""


class Cache(CacheCore[K, V]):
    """A bounded map, for threads: evicts by a policy, forgets by time, closes what leaves, loads once for many.

    Bounds: `max_items`, and `max_bytes` or `max_tokens` as counted by `weigh(key, value)`.  `policy` is one of
    sieve, s3fifo, lru, lfu, fifo and priority.  `ttl` and `idle` are in seconds and can be overridden for each
    entry.  With `close`, the cache owns its values and closes each exactly once when it leaves (by `close` or
    `aclose`, or with the callable given).  `on_remove(key, value, cause)` is told of every entry that leaves.

    Errors of the two callbacks are raised together by `remove`, `clear` and `close`; anywhere else they go
    to `sys.unraisablehook`.  An entry whose time is over is never handed out; it leaves at the next `put`,
    at `expire()`, or when somebody asks for an entry that is over.

    >>> cache = Cache(max_items=2, policy="lru")
    >>> cache.put("a", 1); cache.put("b", 2); cache.put("c", 3)
    >>> cache.get("a"), cache.get("c")
    (None, 3)
    """

    __slots__ = ()

    def put(
        self, key: K, value: V, *, ttl: float | None = None, idle: float | None = None, priority: float = 0
    ) -> None:
        """Store a value; what has to leave for it is told and closed before this returns.

        Raises `ValueError` when the value alone is heavier than the bound, `Closed` after `close()`.
        """
        removals = self._store(key, value, ttl, idle, priority)
        if removals:
            self._release(removals)

    def __setitem__(self, key: K, value: V) -> None:
        self.put(key, value)

    def load(
        self,
        key: K,
        loader: Callable[[K], V | Timed[V]],
        *,
        ttl: float | None = None,
        idle: float | None = None,
        priority: float = 0,
    ) -> V:
        """Return the value under `key`, calling `loader(key)` once for all threads that ask at the same time.

        A loader that knows how long its value holds returns it as `Timed(value, ttl)`.  Whoever waits gets the
        loader's value, or its error.  A key that is put, removed or cleared during the
        load wins: the loaded value is handed to those who wait and not kept.
        """
        value = self.get(key, MISSING)
        if value is not MISSING:
            return value
        mine = _Load()
        load: _Load | None = None
        try:
            while True:
                with self._lock:
                    self._refuse_if_closed()
                    value = self.peek(key, MISSING)
                    if value is not MISSING:
                        return cast(V, value)  # somebody stored it just now
                    load = self._join(key, mine)
                if load is mine:
                    return self._lead(mine, key, loader, ttl, idle, priority)
                if load.begun_here:
                    raise RuntimeError(f"the loader of {key!r} asks {self.label} for what it is loading")
                try:
                    return cast(V, load.result())
                except _Interrupted:
                    continue  # whoever loaded was interrupted; that is no answer for the others
        finally:
            # An error's traceback holds this frame, and the load holds the error.
            del mine, load

    def renew(
        self,
        key: K,
        loader: Callable[[K], V | Timed[V]],
        *,
        ttl: float | None = None,
        idle: float | None = None,
        priority: float = 0,
    ) -> V:
        """Load the value anew, whatever is there; until it has come, whoever asks gets the old one.

        Takes the place of a load that is under way.  As with `load`, a key that is changed meanwhile wins.
        """
        mine = _Load()
        try:
            with self._lock:
                self._refuse_if_closed()
                self._loads[key] = mine
                self._loads_run += 1
            return self._lead(mine, key, loader, ttl, idle, priority)
        finally:
            del mine

    def _lead(
        self,
        load: _Load,
        key: K,
        loader: Callable[[K], V | Timed[V]],
        ttl: float | None,
        idle: float | None,
        priority: float,
    ) -> V:
        try:
            loaded = loader(key)
            if isinstance(loaded, Timed):
                value, ttl = loaded
            else:
                value = loaded
            removals = [] if value is MISSING else self._store(key, value, ttl, idle, priority, load)
            self._end(load, key)
            load.set_result(value)
        except BaseException as error:
            self._end(load, key, failed=True)
            load.set_exception(error if isinstance(error, Exception) else _Interrupted())
            raise
        finally:
            del load
        if removals:
            self._release(removals)
        return value

    @contextmanager
    def borrow(self, key: K) -> Iterator[V]:
        """Use a value that the cache closes: if it leaves meanwhile, it is closed after the block.

        Raises `KeyError` when there is no such key.
        """
        value, holding = self._lend(key)
        try:
            yield value
        finally:
            if self._returned(holding):
                self._release([Removal(key, value, Cause.REMOVED, True)], tell_listener=False)

    @overload
    def take(self, key: K) -> V | None: ...
    @overload
    def take(self, key: K, default: D) -> V | D: ...
    def take(self, key: K, default: Any = None) -> Any:
        """Remove a value and return it without closing it: the caller owns it now.

        Returns `default` when it is not there or its time is over.
        """
        removal = self._withdraw(key, Cause.TAKEN)
        if removal is None:
            return default
        self._release([removal])
        return removal.value if removal.cause is Cause.TAKEN else default

    def remove(self, key: K) -> bool:
        """Remove a value and close it; false when there was none.

        Raises an exception group of what `on_remove` and closing raised.
        """
        removal = self._withdraw(key, Cause.REMOVED)
        if removal is not None:
            self._release_or_raise([removal])
        return removal is not None

    def __delitem__(self, key: K) -> None:
        if not self.remove(key):
            raise KeyError(key)

    def expire(self) -> int:
        """Remove every entry whose time is over; returns how many there were."""
        return self._release(self._expired())

    def evict(self, share: float) -> int:
        """Give back `share` (0 to 1) of what is held, the policy's choice first; returns how many left."""
        return self._release(self._press(share))

    def clear(self) -> None:
        """Remove everything.  Raises an exception group of what the callbacks raised, after all were tried."""
        self._release_or_raise(self._empty(Cause.REMOVED))

    def close(self) -> None:
        """Remove everything, for good; a second call does nothing.  Raises as `clear` does."""
        self._closed = True
        self._release_or_raise(self._empty(Cause.CLOSED))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _overdue(self) -> None:
        self.expire()

    def _release(self, removals: list[Removal[K, V]], tell_listener: bool = True) -> int:
        if removals and (self._on_remove is not None or self._close is not None):
            release = Release(removals, self._on_remove if tell_listener else None, self._close)
            release.run_all()
            self._count(release.failures)
            tell(release.failures, self.label)
        return len(removals)

    def _release_or_raise(self, removals: list[Removal[K, V]]) -> None:
        release = Release(removals, self._on_remove, self._close)
        release.run_all()
        self._count(release.failures)
        raise_all(release.failures, self.label)

    def __del__(self) -> None:
        if getattr(self, "_closed", True) or self._pid != os.getpid():
            return
        self._closed = True
        removals = self._empty(Cause.CLOSED)
        self._release(removals)
        if removals and self._close is not None:
            warnings.warn(
                f"{self.label} was dropped with {len(removals)} values that it owns; they were closed now. "
                f"It was made at {Origin(self._created)}: use it in a `with` block, or call close().",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
