"""S3-FIFO: three queues, of which a small one lets through only what is asked for again."""

from __future__ import annotations

from typing import Generic

from ..chain import Chain
from ..entry import Entry, K, V
from .policy import OnHit

_SMALL, _MAIN = 0, 1
_SMALL_SHARE = 10
"""One part in ten of the weight is for newcomers."""
_MOST_VISITS = 3
"""Visits beyond these earn no further round."""


class S3Fifo(Generic[K, V]):
    """Evicts newcomers that nobody asked for again; the others get a round in the main queue for each visit.

    Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023.  The third
    queue remembers the hashes of evicted newcomers, never the keys, so it keeps nothing alive; a newcomer
    found there goes to the main queue at once.  Unlike the paper, one visit is enough to stay, and there are
    as many ghosts as entries: both gave the better hit ratio in every workload of `benchmarks/runtime/cache.py`.
    """

    __slots__ = ("_ghosts", "_main", "_small")

    on_hit = OnHit.COUNT

    def __init__(self) -> None:
        self._small: Chain[K, V] = Chain()
        self._main: Chain[K, V] = Chain()
        self._ghosts: dict[int, None] = {}

    def admit(self, entry: Entry[K, V]) -> None:
        """Queue the entry: as a newcomer, or in the main queue when it was here not long ago."""
        ghost = hash(entry.key)
        if ghost in self._ghosts:
            del self._ghosts[ghost]
            entry.place = _MAIN
            self._main.push(entry)
        else:
            entry.place = _SMALL
            self._small.push(entry)

    def touch(self, entry: Entry[K, V]) -> None:
        """Do nothing: the cache has counted the visit."""

    def forget(self, entry: Entry[K, V]) -> None:
        """Unlink the entry from the queue that it is in."""
        (self._main if entry.place == _MAIN else self._small).remove(entry)

    def victim(self) -> Entry[K, V]:
        """Take a newcomer when they exceed their share, else the next of the main queue without visits."""
        while True:
            small, main = self._small, self._main
            newcomers = small.count and (not main.count or small.weight * _SMALL_SHARE >= small.weight + main.weight)
            entry = self._newcomer() if newcomers else self._settled()
            if entry is not None:
                return entry

    def clear(self) -> None:
        """Unlink everything and forget the ghosts."""
        self._small.clear()
        self._main.clear()
        self._ghosts.clear()

    def _newcomer(self) -> Entry[K, V] | None:
        entry = self._small.oldest
        assert entry is not None
        self._small.remove(entry)
        if entry.visits:
            entry.visits = 0
            entry.place = _MAIN
            self._main.push(entry)
            return None
        self._ghosts[hash(entry.key)] = None
        if len(self._ghosts) > self._small.count + self._main.count:
            del self._ghosts[next(iter(self._ghosts))]
        return entry

    def _settled(self) -> Entry[K, V] | None:
        entry = self._main.oldest
        assert entry is not None
        self._main.remove(entry)
        if entry.visits:
            entry.visits = min(entry.visits, _MOST_VISITS) - 1
            self._main.push(entry)
            return None
        return entry
