"""What a cache holds, how it is looked into, and what it says of itself: everything that changes no entry."""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Generic, Literal, overload

from ..birthplace import birthplace
from ..health import Health, Status, watch
from ..origin import Origin
from ..ownership import on_fork
from .bounds import Bounds, Weigh
from .deadlines import Deadlines
from .entry import MISSING, Cause, Entry, K, Missing, V
from .holders import Holders
from .policies import POLICIES, OnHit, Policy, PolicyName
from .statistics import CacheStatistics

_inherited: list[object] = []
"""In a forked child: what belongs to the parent."""


class CacheState(Generic[K, V]):
    """The entries of a bounded map, its options and its counters."""

    __slots__ = (
        "__weakref__",
        "_alarms",
        "_bounds",
        "_clock",
        "_close",
        "_closed",
        "_coalesced",
        "_created",
        "_entries",
        "_failed_loads",
        "_failed_releases",
        "_gone",
        "_hits",
        "_holders",
        "_idle",
        "_loads",
        "_loads_run",
        "_lock",
        "_max_items",
        "_max_weight",
        "_misses",
        "_moves",
        "_name",
        "_not_kept",
        "_on_remove",
        "_peak",
        "_pid",
        "_policy",
        "_policy_name",
        "_puts",
        "_timed",
        "_ttl",
        "_weigh",
        "_weight",
    )

    def __init__(
        self,
        max_items: int | None = None,
        *,
        max_bytes: int | None = None,
        max_tokens: int | None = None,
        weigh: Weigh | None = None,
        policy: PolicyName = "sieve",
        ttl: float | None = None,
        idle: float | None = None,
        on_remove: Callable[[K, V, Cause], object] | None = None,
        close: bool | Callable[[V], object] = False,
        clock: Callable[[], float] = monotonic,
        name: str | None = None,
    ) -> None:
        self._bounds = Bounds.of(max_items, max_bytes, max_tokens, weigh)
        self._weigh = self._bounds.weigh
        self._max_items = self._bounds.max_items or sys.maxsize
        self._max_weight = self._bounds.max_weight or sys.maxsize
        if policy not in POLICIES:
            raise ValueError(f"no policy {policy!r}; there are {', '.join(POLICIES)}")
        self._policy_name: str = policy
        self._policy: Policy[K, V] = POLICIES[self._policy_name]()
        self._moves = self._policy.on_hit is OnHit.MOVE
        self._ttl = duration("ttl", ttl)
        self._idle = duration("idle", idle)
        self._on_remove = on_remove
        self._close: Callable[[V], object] | None = close if callable(close) else _close_value if close else None
        self._holders: Holders | None = None if self._close is None else Holders()
        self._clock = clock
        self._name = name
        self._created = birthplace()
        self._pid = os.getpid()
        # Re-entrant: a finalizer that the collector runs inside our lock may look into the cache, or remove a key.
        self._lock = threading.RLock()
        self._entries: dict[K, Entry[K, V]] = {}
        self._alarms: Deadlines[K, V] = Deadlines()
        self._timed = False
        self._loads: dict[K, Any] = {}
        self._weight = self._peak = 0
        self._closed = False
        self._hits = self._misses = self._puts = 0
        self._loads_run = self._coalesced = self._failed_loads = self._not_kept = self._failed_releases = 0
        self._gone = dict.fromkeys(Cause, 0)
        self._prepare()
        watch(self)
        on_fork(self)

    def _prepare(self) -> None:
        """Make what only one kind of cache has."""

    def after_fork_in_child(self) -> None:
        """Begin empty in a forked child where the cache owns its values: they are the parent's, to use and to close.

        Other values stay, unless a thread of the parent was just changing the cache.
        """
        whole = self._lock.acquire(blocking=False)  # noqa: MEM110 only asked whether it was free: the next line puts another in its place
        self._lock = threading.RLock()
        self._pid = os.getpid()
        _inherited.append(self._loads)
        self._loads = {}
        if not whole or self._holders is not None:
            self._begin_empty()

    def _begin_empty(self) -> None:
        """Forget all entries and close none; they are kept alive, since dropping some values closes them."""
        _inherited.append((self._entries, self._policy, self._holders))
        self._entries = {}
        self._policy = POLICIES[self._policy_name]()
        self._alarms = Deadlines()
        self._weight = 0
        if self._holders is not None:
            self._holders = Holders()

    # Looking

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: V) -> V: ...
    @overload
    def get(self, key: K, default: Missing) -> V | Missing: ...
    def get(self, key: K, default: Any = None) -> Any:
        """Return the value under `key`, or `default`; counts as a hit or a miss, and takes no lock."""
        try:
            entry = self._entries[key]
        except KeyError:
            self._misses += 1
            return default
        if entry.attended:
            return self._attend(entry, default)
        entry.visits += 1
        self._hits += 1
        return entry.value

    def __getitem__(self, key: K) -> V:
        value = self.get(key, MISSING)
        if value is MISSING:
            raise KeyError(key)
        return value

    def peek(self, key: K, default: Any = None) -> Any:
        """Return the value under `key` without a trace: no hit, no visit, no longer idle time."""
        entry = self._entries.get(key)
        if entry is None or ((deadline := entry.deadline) is not None and self._clock() >= deadline):
            return default
        return entry.value

    def remaining(self, key: K) -> float | None:
        """Return how many seconds the value still holds; None when it has no end, or is not there."""
        entry = self._entries.get(key)
        if entry is None or (expires := entry.expires) is None:
            return None
        return max(0.0, expires - self._clock())

    def __contains__(self, key: object) -> bool:
        return self.peek(key, MISSING) is not MISSING  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self._entries)

    def keys(self) -> list[K]:
        """The keys of this moment, in no order to rely on; an expired entry is in it until it leaves."""
        with self._lock:
            return list(self._entries)

    def items(self) -> list[tuple[K, V]]:
        """The keys and values of this moment, without counting as hits."""
        with self._lock:
            return [(entry.key, entry.value) for entry in self._entries.values()]

    # Reporting

    @property
    def name(self) -> str:
        """The name given, or the line that made the cache."""
        return self._name or str(Origin(self._created))

    @property
    def label(self) -> str:
        """Kind and name, as reports say it."""
        return f"{type(self).__name__} {self.name!r}"

    @property
    def ttl(self) -> float | None:
        """Seconds that a value holds where nothing else is said; None: for good."""
        return self._ttl

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def statistics(self) -> CacheStatistics:
        """The counters of this moment."""
        with self._lock:
            gone = self._gone
            return CacheStatistics(
                items=len(self),
                weight=self._weight if self._bounds.max_weight is not None else len(self),
                max_items=self._bounds.max_items,
                max_weight=self._bounds.max_weight,
                unit=self._bounds.unit,
                policy=self._policy_name,
                peak_items=self._peak,
                hits=self._hits,
                misses=self._misses,
                puts=self._puts,
                replaced=gone[Cause.REPLACED],
                evicted=gone[Cause.EVICTED],
                expired=gone[Cause.EXPIRED] + gone[Cause.IDLE],
                pressed=gone[Cause.PRESSURE],
                removed=gone[Cause.REMOVED],
                taken=gone[Cause.TAKEN],
                closed=gone[Cause.CLOSED],
                loads=self._loads_run,
                coalesced=self._coalesced,
                failed_loads=self._failed_loads,
                not_kept=self._not_kept,
                failed_releases=self._failed_releases,
            )

    def health(self) -> Health:
        """Degraded when values could not be closed: they may be open still."""
        if self._failed_releases:
            reason = f"{self._failed_releases} errors while closing values; they went to sys.unraisablehook"
            return Health(self.label, Status.DEGRADED, reason)
        return Health(self.label, Status.OK, "closed" if self._closed else self._fill())

    def _fill(self) -> str:
        bounds, parts = self._bounds, []
        if bounds.max_items is not None:
            parts.append(f"{len(self)} of {bounds.max_items} items")
        if bounds.max_weight is not None:
            parts.append(f"{self._weight} of {bounds.max_weight} {bounds.unit}")
        return ", ".join(parts)

    def __repr__(self) -> str:
        ratio = self.statistics().hit_ratio
        state = "closed" if self._closed else self._fill()
        return f"<{self.label}: {state}, {self._policy_name}, {ratio:.1%} hits>"

    def _attend(self, entry: Entry[K, V], default: Any) -> Any:
        """Hit an entry that has a deadline, or whose policy moves it."""
        deadline = entry.deadline
        if deadline is not None:
            now = self._clock()
            if now >= deadline:
                self._misses += 1
                self._overdue()
                return default
            self._alarms.postpone(entry, now)
        entry.visits += 1
        self._hits += 1
        if self._moves:
            with self._lock:
                if entry.alive:
                    self._policy.touch(entry)
        return entry.value

    def _overdue(self) -> None:
        """Somebody asked for an entry whose time is over."""


def duration(word: str, seconds: float | None) -> float | None:
    """Check a time in seconds; None and infinity are both "for good"."""
    if seconds is None or seconds == math.inf:
        return None
    if not seconds > 0:
        raise ValueError(f"{word} is in seconds and greater than 0, not {seconds}")
    return seconds


def _close_value(value: Any) -> object:
    """Close a value by the first that it has of `aclose` and `close`; a value with neither is left alone."""
    close: Literal[None] | Callable[[], object] = getattr(value, "aclose", None) or getattr(value, "close", None)
    return None if close is None else close()
