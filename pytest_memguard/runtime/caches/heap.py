"""A heap whose items can be withdrawn without a search."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

T = TypeVar("T")

_SLACK = 32


class Ticket(Generic[T]):
    """An item's place in a :class:`LazyHeap`; withdrawn tickets keep their place but not their item."""

    __slots__ = ("item", "rank", "serial")

    def __init__(self, rank: float, serial: int, item: T) -> None:
        self.rank = rank
        self.serial = serial
        self.item: T | None = item

    def __lt__(self, other: Ticket[T]) -> bool:
        return (self.rank, self.serial) < (other.rank, other.serial)


class LazyHeap(Generic[T]):
    """Items by rank, and by arrival within a rank.

    Withdrawing empties a ticket and leaves it in the heap; when more than half of the heap is empty it is
    rebuilt, so that a heap holds at most twice its items (and a little) and no withdrawn item at all.
    """

    __slots__ = ("_empty", "_serial", "_tickets")

    def __init__(self) -> None:
        self._tickets: list[Ticket[T]] = []
        self._empty = 0
        self._serial = 0

    def __len__(self) -> int:
        return len(self._tickets) - self._empty

    def push(self, rank: float, item: T) -> Ticket[T]:
        """Add an item and return the ticket that withdraws it."""
        self._serial += 1
        ticket = Ticket(rank, self._serial, item)
        heapq.heappush(self._tickets, ticket)
        return ticket

    def withdraw(self, ticket: Ticket[T]) -> None:
        """Take an item out; a ticket already withdrawn or popped is left alone."""
        if ticket.item is None:
            return
        ticket.item = None
        self._empty += 1
        if self._empty > _SLACK and self._empty * 2 > len(self._tickets):
            self._tickets = [kept for kept in self._tickets if kept.item is not None]
            heapq.heapify(self._tickets)
            self._empty = 0

    def first(self) -> Ticket[T] | None:
        """Return the ticket of lowest rank without removing it, or None when nothing is left."""
        while self._tickets:
            ticket = self._tickets[0]
            if ticket.item is not None:
                return ticket
            heapq.heappop(self._tickets)
            self._empty -= 1
        return None

    def clear(self) -> None:
        """Forget everything."""
        for ticket in self._tickets:
            ticket.item = None
        self._tickets.clear()
        self._empty = 0
