"""Least frequently used: whoever was asked for least goes, the least recent of them first."""

from __future__ import annotations

from typing import Generic

from ..entry import Entry, K, V
from .policy import OnHit


class Lfu(Generic[K, V]):
    """Evicts the entry with the fewest hits; among equals, the one which reached that number first.

    Entries of equal frequency share a bucket, so a hit moves an entry by one bucket in constant time (Matani,
    Shah and Mitra, "An O(1) algorithm for implementing the LFU cache eviction scheme", 2010).
    """

    __slots__ = ("_buckets", "_least")

    on_hit = OnHit.MOVE

    def __init__(self) -> None:
        self._buckets: dict[int, dict[Entry[K, V], None]] = {}
        self._least = 1

    def admit(self, entry: Entry[K, V]) -> None:
        """Place the entry by the visits that it brings: none when it is new."""
        self._place(entry, entry.visits + 1)

    def touch(self, entry: Entry[K, V]) -> None:
        """Move the entry to the next bucket."""
        frequency = entry.place
        self._leave(entry)
        self._place(entry, frequency + 1)

    def forget(self, entry: Entry[K, V]) -> None:
        """Take the entry out of its bucket."""
        self._leave(entry)

    def victim(self) -> Entry[K, V]:
        """Take out and return the first of the lowest bucket."""
        if self._least not in self._buckets:
            self._least = min(self._buckets)
        entry = next(iter(self._buckets[self._least]))
        self._leave(entry)
        return entry

    def clear(self) -> None:
        """Empty the buckets."""
        self._buckets.clear()

    def _place(self, entry: Entry[K, V], frequency: int) -> None:
        entry.place = frequency
        self._buckets.setdefault(frequency, {})[entry] = None
        if frequency < self._least:
            self._least = frequency

    def _leave(self, entry: Entry[K, V]) -> None:
        bucket = self._buckets[entry.place]
        del bucket[entry]
        if not bucket:
            del self._buckets[entry.place]
