"""A cache in memory in front of slower tiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Generic, overload

from .cache import Cache
from .entry import MISSING, Missing, Timed, V
from .statistics import TierCounts, TieredStatistics
from .tier import Announces, Fillable, Tier


class TieredCache(Generic[V]):
    """Reads from the first tier that has the value, writes through to all of them.

    `memory` is the first tier; `tiers` follow from the fastest to the most durable.  A write goes to the
    most durable first, and is in memory last: nobody reads what is not stored.  When a tier fails, the value
    is removed from memory and the error raised.

    >>> durable = TieredCache(Cache(max_items=100))
    >>> front = TieredCache(Cache(max_items=10), durable)
    >>> front.put("ada", 1)
    >>> front.memory.clear()
    >>> front.get("ada")
    1
    """

    def __init__(self, memory: Cache[str, V], *tiers: Tier[V]) -> None:
        self.memory = memory
        self._tiers = tiers
        self._counts = TierCounts(len(tiers))

    @overload
    def get(self, key: str) -> V | Missing: ...
    @overload
    def get(self, key: str, default: Any) -> Any: ...
    def get(self, key: str, default: Any = MISSING) -> Any:
        """Return the value from the first tier that has it, and keep it in those before; else `default`."""
        value = self.memory.load(key, self._find)
        return default if value is MISSING else value

    def load(self, key: str, loader: Callable[[str], V], *, ttl: float | None = None) -> V:
        """Return the value, or have `loader` make it once for all threads, and store it in every tier."""

        def find_or_load(wanted: str) -> Any:
            value = self._find(wanted)
            if value is MISSING:
                value = loader(wanted)
                self._store(wanted, value, ttl)
            return value

        value: V = self.memory.load(key, find_or_load, ttl=ttl)
        return value

    def put(self, key: str, value: V, ttl: float | None = None) -> None:
        """Store the value in every tier, the most durable first.

        It is kept in memory unless somebody else is heard to change it meanwhile.
        """

        def write(_: str) -> V:
            self._store(key, value, ttl)
            return value

        try:
            self.memory.renew(key, write, ttl=ttl)
        except BaseException:
            self.memory.remove(key)
            raise

    def remove(self, key: str) -> None:
        """Remove the value from every tier, the most durable first; a load under way is not kept."""
        try:
            for tier in reversed(self._tiers):
                tier.remove(key)
            self._counts.removed += 1
        finally:
            self.memory.remove(key)

    def forget(self, key: str | None) -> None:
        """Drop a value from memory because somebody else changed it; None: all of them."""
        if key is None:
            self.memory.clear()
        else:
            self.memory.remove(key)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Drop from memory what other processes change, for as long as the block lasts."""
        with ExitStack() as stack:
            for tier in self._tiers:
                if isinstance(tier, Announces):
                    stack.enter_context(tier.listen(self.forget))
            yield

    def find(self, key: str) -> Timed[V] | None:
        """Return the value and for how long it still holds, or None: this cache is a tier itself."""
        value = self.get(key)
        return None if value is MISSING else Timed(value, self.memory.remaining(key))

    def fill(self, key: str, value: V, ttl: float | None) -> None:
        """Keep a value in memory, if there is none: this cache is a tier itself."""
        self.memory.load(key, lambda _: Timed(value, ttl))

    def _find(self, key: str) -> Any:
        """The value from the tiers behind the memory, kept in those that were asked before."""
        for place, tier in enumerate(self._tiers):
            found = tier.find(key)
            if found is not None:
                self._counts.found[place] += 1
                for missed in reversed(self._tiers[:place]):
                    if isinstance(missed, Fillable):
                        missed.fill(key, found.value, found.ttl)
                return Timed(found.value, _shorter(found.ttl, self.memory.ttl))
        self._counts.missed += 1
        return MISSING

    def _store(self, key: str, value: V, ttl: float | None) -> None:
        for tier in reversed(self._tiers):
            tier.put(key, value, ttl)
        self._counts.stored += 1

    def statistics(self) -> TieredStatistics:
        """The counters of this moment: those of the memory, and what the tiers behind it knew."""
        return self._counts.beside(self.memory.statistics())

    def __repr__(self) -> str:
        behind = ", ".join(type(tier).__name__ for tier in self._tiers)
        return f"<TieredCache: {self.memory!r} before {behind or 'nothing'}, {self._counts}>"


def _shorter(one: float | None, other: float | None) -> float | None:
    """The shorter of two times, None being without end."""
    return min((each for each in (one, other) if each is not None), default=None)
