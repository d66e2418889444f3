"""Priority: what matters least goes, whatever was asked for."""

from __future__ import annotations

from typing import Generic

from ..entry import Entry, K, V
from ..heap import LazyHeap
from .policy import OnHit


class Priority(Generic[K, V]):
    """Evicts the entry of lowest priority; among equals, the one that came first."""

    __slots__ = ("_heap",)

    on_hit = OnHit.COUNT

    def __init__(self) -> None:
        self._heap: LazyHeap[Entry[K, V]] = LazyHeap()

    def admit(self, entry: Entry[K, V]) -> None:
        """Rank the entry by its priority."""
        entry.ticket = self._heap.push(entry.priority, entry)

    def touch(self, entry: Entry[K, V]) -> None:
        """Ignore the hit: priority alone counts."""

    def forget(self, entry: Entry[K, V]) -> None:
        """Withdraw the entry."""
        assert entry.ticket is not None
        self._heap.withdraw(entry.ticket)
        entry.ticket = None

    def victim(self) -> Entry[K, V]:
        """Withdraw and return the entry of lowest priority."""
        ticket = self._heap.first()
        assert ticket is not None
        entry = ticket.item
        assert entry is not None
        self.forget(entry)
        return entry

    def clear(self) -> None:
        """Withdraw everything."""
        self._heap.clear()
