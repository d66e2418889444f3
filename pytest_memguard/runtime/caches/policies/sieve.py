"""SIEVE: a queue, one bit an entry, and a hand that spares whoever was visited since it last passed."""

from __future__ import annotations

from typing import Generic

from ..chain import Chain
from ..entry import Entry, K, V
from .policy import OnHit


class Sieve(Generic[K, V]):
    """Evicts the first entry that the hand finds unvisited.

    Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is Simpler than LRU", NSDI 2024.  A hit sets a bit and moves
    nothing, so it takes no lock; new entries wait behind the hand and those never asked for go soon, which is
    what keeps a scan from emptying the cache.
    """

    __slots__ = ("_hand", "_queue")

    on_hit = OnHit.COUNT

    def __init__(self) -> None:
        self._queue: Chain[K, V] = Chain()
        self._hand: Entry[K, V] | None = None

    def admit(self, entry: Entry[K, V]) -> None:
        """Queue the entry as the newest."""
        self._queue.push(entry)

    def touch(self, entry: Entry[K, V]) -> None:
        """Do nothing: the cache has counted the visit."""

    def forget(self, entry: Entry[K, V]) -> None:
        """Unlink the entry and move the hand past it."""
        if self._hand is entry:
            self._hand = entry.newer
        self._queue.remove(entry)

    def victim(self) -> Entry[K, V]:
        """Move the hand from old to new, clearing marks, and take the first unmarked entry."""
        entry = self._hand or self._queue.oldest
        assert entry is not None
        while entry.visits:
            entry.visits = 0
            entry = entry.newer or self._queue.oldest
            assert entry is not None
        self._hand = entry.newer
        self._queue.remove(entry)
        return entry

    def clear(self) -> None:
        """Unlink everything."""
        self._hand = None
        self._queue.clear()
