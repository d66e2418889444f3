"""First in, first out: the oldest goes, asked for or not."""

from __future__ import annotations

from typing import Generic

from ..chain import Chain
from ..entry import Entry, K, V
from .policy import OnHit


class Fifo(Generic[K, V]):
    """Evicts in the order of arrival."""

    __slots__ = ("_queue",)

    on_hit = OnHit.COUNT

    def __init__(self) -> None:
        self._queue: Chain[K, V] = Chain()

    def admit(self, entry: Entry[K, V]) -> None:
        """Queue the entry as the newest."""
        self._queue.push(entry)

    def touch(self, entry: Entry[K, V]) -> None:
        """Ignore the hit: arrival alone counts."""

    def forget(self, entry: Entry[K, V]) -> None:
        """Unlink the entry."""
        self._queue.remove(entry)

    def victim(self) -> Entry[K, V]:
        """Unlink and return the oldest."""
        entry = self._queue.oldest
        assert entry is not None
        self._queue.remove(entry)
        return entry

    def clear(self) -> None:
        """Unlink everything."""
        self._queue.clear()
