"""Least recently used: whoever was not asked for longest goes."""

from __future__ import annotations

from typing import Generic

from ..chain import Chain
from ..entry import Entry, K, V
from .policy import OnHit


class Lru(Generic[K, V]):
    """Evicts the entry whose last hit, or arrival, is longest ago."""

    __slots__ = ("_queue",)

    on_hit = OnHit.MOVE

    def __init__(self) -> None:
        self._queue: Chain[K, V] = Chain()

    def admit(self, entry: Entry[K, V]) -> None:
        """Queue the entry as the most recent."""
        self._queue.push(entry)

    def touch(self, entry: Entry[K, V]) -> None:
        """Move the entry to the most recent end."""
        self._queue.renew(entry)

    def forget(self, entry: Entry[K, V]) -> None:
        """Unlink the entry."""
        self._queue.remove(entry)

    def victim(self) -> Entry[K, V]:
        """Unlink and return the least recent."""
        entry = self._queue.oldest
        assert entry is not None
        self._queue.remove(entry)
        return entry

    def clear(self) -> None:
        """Unlink everything."""
        self._queue.clear()
