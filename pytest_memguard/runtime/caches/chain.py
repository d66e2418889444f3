"""A queue of entries that are linked through their own fields."""

from __future__ import annotations

from typing import Generic

from .entry import Entry, K, V


class Chain(Generic[K, V]):
    """Entries from the oldest to the newest; adding and removing any of them takes constant time.

    The links are reference cycles, hence :meth:`clear`: a cache that is dropped unlinks its entries and they
    go at once, without waiting for the garbage collector.
    """

    __slots__ = ("count", "newest", "oldest", "weight")

    def __init__(self) -> None:
        self.oldest: Entry[K, V] | None = None
        self.newest: Entry[K, V] | None = None
        self.count = 0
        self.weight = 0

    def push(self, entry: Entry[K, V]) -> None:
        """Add an entry at the newest end."""
        entry.older = self.newest
        entry.newer = None
        if self.newest is None:
            self.oldest = entry
        else:
            self.newest.newer = entry
        self.newest = entry
        self.count += 1
        self.weight += entry.weight

    def remove(self, entry: Entry[K, V]) -> None:
        """Unlink an entry that is in this chain."""
        older, newer = entry.older, entry.newer
        if older is None:
            self.oldest = newer
        else:
            older.newer = newer
        if newer is None:
            self.newest = older
        else:
            newer.older = older
        entry.older = entry.newer = None
        self.count -= 1
        self.weight -= entry.weight

    def renew(self, entry: Entry[K, V]) -> None:
        """Move an entry that is in this chain to the newest end."""
        newer = entry.newer
        if newer is None:
            return
        older = entry.older
        if older is None:
            self.oldest = newer
        else:
            older.newer = newer
        newer.older = older
        last = self.newest
        assert last is not None
        last.newer = entry
        entry.older = last
        entry.newer = None
        self.newest = entry

    def clear(self) -> None:
        """Unlink everything."""
        entry = self.oldest
        while entry is not None:
            following = entry.newer
            entry.older = entry.newer = None
            entry = following
        self.oldest = self.newest = None
        self.count = self.weight = 0
