"""What the synchronous and the asynchronous cache share: everything but the releasing of values.

State changes happen here, under the lock, and answer with the removals; the caches tell and close them
outside the lock, where a slow or failing callback can hurt nobody else.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Generic, Literal, overload

from ..birthplace import birthplace
from ..errors import Closed
from ..health import Health, Status, watch
from ..origin import Origin
from .bounds import Bounds, Weigh
from .deadlines import Deadlines
from .entry import MISSING, Cause, Entry, K, Missing, Removal, V
from .holders import Holders, Holding
from .policies import POLICIES, OnHit, Policy, PolicyName
from .releasing import Failure
from .statistics import CacheStatistics


class CacheCore(Generic[K, V]):
    """A bounded map whose policy decides what leaves; see :class:`Cache` and :class:`AsyncCache`."""

    __slots__ = (
        "__weakref__",
        "_alarms",
        "_attends",
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
        self._policy: Policy[K, V] = POLICIES[policy]()
        self._moves = self._policy.on_hit is OnHit.MOVE
        self._attends = self._policy.on_hit is not OnHit.MARK
        self._ttl = _duration("ttl", ttl)
        self._idle = _duration("idle", idle)
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

    def _prepare(self) -> None:
        """Make what only one kind of cache has."""

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
        entry.visits = 1
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

    # Changing: each answers with the removals, to be told and closed outside the lock

    def _store(
        self,
        key: K,
        value: V,
        ttl: float | None,
        idle: float | None,
        priority: float,
        load: object = None,
    ) -> list[Removal[K, V]]:
        """Put a value, or keep a loaded one if nothing has happened to its key during the load."""
        weight = 1 if self._weigh is None else self._bounds.weight_of(key, value)
        fits = weight <= self._max_weight
        if load is None or ttl is None or ttl > 0:
            # Checked before anything changes.  A loader may find that its value holds no longer.
            ttl = self._ttl if ttl is None else _duration("ttl", ttl)
        else:
            fits = False
        idle = self._idle if idle is None else _duration("idle", idle)
        with self._lock:
            if load is None:
                if self._closed:
                    self._refuse_if_closed()
                if not fits:
                    raise ValueError(
                        f"the value for {key!r} weighs {weight} {self._bounds.unit} and {self.label} may hold "
                        f"{self._bounds.max_weight}; it was not stored, and what was there before is unchanged"
                    )
                if self._loads:
                    self._loads.pop(key, None)
            elif self._loads.get(key) is not load:
                self._not_kept += 1
                return []
            else:
                del self._loads[key]
                if not fits:
                    self._not_kept += 1
                    return []
            return self._insert(key, value, weight, ttl, idle, priority)

    def _insert(
        self, key: K, value: V, weight: int, ttl: float | None, idle: float | None, priority: float
    ) -> list[Removal[K, V]]:
        removals = self._expired() if self._timed else []
        holding = None if self._holders is None else self._holders.hold(value)
        entry = self._entries.get(key)
        if entry is None:
            entry = Entry(key, value, weight, priority)
            entry.holding = holding
            self._admit(entry, removals)
        else:
            self._gone[Cause.REPLACED] += 1
            removals.append(self._removal(entry, Cause.REPLACED))
            entry.visits += 1
            entry.value = value
            entry.holding = holding
            if entry.weight == weight and entry.priority == priority:
                if self._moves:
                    self._policy.touch(entry)
            else:
                self._policy.forget(entry)
                self._unlink(entry)
                entry.weight, entry.priority = weight, priority
                self._admit(entry, removals)
        self._arm(entry, ttl, idle)
        self._puts += 1
        return removals

    def _admit(self, entry: Entry[K, V], removals: list[Removal[K, V]]) -> None:
        entries, room = self._entries, self._max_weight - entry.weight
        while len(entries) >= self._max_items or self._weight > room:
            self._drop(self._policy.victim(), Cause.EVICTED, removals)
        entries[entry.key] = entry
        self._policy.admit(entry)
        entry.alive = True
        self._weight += entry.weight
        if len(entries) > self._peak:
            self._peak = len(entries)

    def _arm(self, entry: Entry[K, V], ttl: float | None, idle: float | None) -> None:
        if ttl is not None or idle is not None:
            self._timed = True
            self._alarms.arm(entry, self._clock(), ttl, idle)
        elif entry.alarm is not None:
            self._alarms.disarm(entry)
        entry.attended = self._attends or entry.deadline is not None

    def _join(self, key: K, load: Any) -> Any:
        """Return the load of `key` that is under way, or begin the one given.  Called under the lock."""
        joined = self._loads.setdefault(key, load)
        if joined is load:
            self._loads_run += 1
        else:
            self._coalesced += 1
        return joined

    def _end(self, load: object, key: K, failed: bool = False) -> None:
        """Note that a load is over, if its key was not changed meanwhile."""
        with self._lock:
            self._failed_loads += failed
            if self._loads.get(key) is load:
                del self._loads[key]

    def _lend(self, key: K) -> tuple[V, Holding | None]:
        """Count a borrower of the value; raises `KeyError` when there is none."""
        while True:
            value = self[key]
            with self._lock:
                entry = self._entries.get(key)
                if entry is not None and entry.value is value:
                    return value, None if self._holders is None else self._holders.hold(value)

    def _returned(self, holding: Holding | None) -> bool:
        """Count a borrower less; true when the value has left and is to be closed now."""
        if holding is None or self._holders is None:
            return False
        with self._lock:
            return self._holders.let_go(holding)

    def _count(self, failures: list[Failure]) -> None:
        with self._lock:
            self._failed_releases += len(failures)

    def _withdraw(self, key: K, cause: Cause) -> Removal[K, V] | None:
        """Remove one entry if it is there; a load of its key that is under way will not be kept."""
        with self._lock:
            self._loads.pop(key, None)
            entry = self._entries.get(key)
            if entry is None or not entry.alive:
                return None
            removals: list[Removal[K, V]] = []
            if entry.deadline is not None and self._clock() >= entry.deadline:
                cause = self._alarms.cause(entry)
            self._policy.forget(entry)
            self._drop(entry, cause, removals)
            return removals[0]

    def _expired(self) -> list[Removal[K, V]]:
        """Remove what may no longer be handed out."""
        removals: list[Removal[K, V]] = []
        with self._lock:
            if self._timed:
                for entry in self._alarms.due(self._clock()):
                    self._policy.forget(entry)
                    self._drop(entry, self._alarms.cause(entry), removals)
        return removals

    def _press(self, share: float) -> list[Removal[K, V]]:
        """Evict the policy's choice until `share` of what is held has gone."""
        if not 0 <= share <= 1:
            raise ValueError(f"share is a part of what is held, from 0 to 1, not {share}")
        with self._lock:
            removals = self._expired()
            bounded = self._bounds.max_weight is not None
            keep = math.floor((self._weight if bounded else len(self._entries)) * (1 - share))
            while self._entries and (self._weight if bounded else len(self._entries)) > keep:
                self._drop(self._policy.victim(), Cause.PRESSURE, removals)
            return removals

    def _empty(self, cause: Cause) -> list[Removal[K, V]]:
        removals: list[Removal[K, V]] = []
        with self._lock:
            self._loads.clear()
            self._policy.clear()
            for entry in list(self._entries.values()):
                self._drop(entry, cause, removals)
        return removals

    def _drop(self, entry: Entry[K, V], cause: Cause, removals: list[Removal[K, V]]) -> None:
        """Note that an entry, which the policy holds no longer, has left."""
        self._unlink(entry)
        if entry.alarm is not None:
            self._alarms.disarm(entry)
        self._gone[cause] += 1
        removals.append(self._removal(entry, cause))

    def _unlink(self, entry: Entry[K, V]) -> None:
        entry.alive = False
        del self._entries[entry.key]
        self._weight -= entry.weight

    def _removal(self, entry: Entry[K, V], cause: Cause) -> Removal[K, V]:
        release = False
        if self._holders is not None and entry.holding is not None:
            if cause is Cause.TAKEN:
                self._holders.disown(entry.holding)
            else:
                release = self._holders.let_go(entry.holding)
        return Removal(entry.key, entry.value, cause, release)

    def _attend(self, entry: Entry[K, V], default: Any) -> Any:
        """Hit an entry that has a deadline, or whose policy wants more than a mark."""
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

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Closed(f"{self.label} is closed and takes no more values; it was made at {Origin(self._created)}")


def _duration(word: str, seconds: float | None) -> float | None:
    if seconds is None or seconds == math.inf:
        return None
    if not seconds > 0:
        raise ValueError(f"{word} is in seconds and greater than 0, not {seconds}")
    return seconds


def _close_value(value: Any) -> object:
    """Close a value by the first that it has of `aclose` and `close`; a value with neither is left alone."""
    close: Literal[None] | Callable[[], object] = getattr(value, "aclose", None) or getattr(value, "close", None)
    return None if close is None else close()
