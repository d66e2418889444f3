"""Every change of a cache, under its lock: what the synchronous and the asynchronous one share.

A change answers with the removals; the caches tell and close them outside the lock, where a slow or failing
callback can hurt nobody else.
"""

from __future__ import annotations

import math
from typing import Any

from ..errors import Closed
from ..origin import Origin
from .entry import Cause, Entry, K, Removal, V
from .holders import Holding
from .releasing import Failure
from .state import CacheState, duration


class CacheCore(CacheState[K, V]):
    """A bounded map whose policy decides what leaves; see :class:`Cache` and :class:`AsyncCache`."""

    __slots__ = ()

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
            ttl = self._ttl if ttl is None else duration("ttl", ttl)
        else:
            fits = False
        idle = self._idle if idle is None else duration("idle", idle)
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
        entry.attended = self._moves or entry.deadline is not None

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

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Closed(f"{self.label} is closed and takes no more values; it was made at {Origin(self._created)}")
