"""Which entries are over, found without looking at the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic

from .entry import Cause, Entry, K, V
from .heap import LazyHeap


class Deadlines(Generic[K, V]):
    """The entries that have a deadline, the earliest first.

    A hit that prolongs the idle time changes the entry and not the heap; the entry's place is corrected when
    its old deadline comes round.
    """

    __slots__ = ("_heap",)

    def __init__(self) -> None:
        self._heap: LazyHeap[Entry[K, V]] = LazyHeap()

    def arm(self, entry: Entry[K, V], now: float, ttl: float | None, idle: float | None) -> None:
        """Give the entry its times, counted from `now`, in place of those that it had."""
        self.disarm(entry)
        entry.expires = None if ttl is None else now + ttl
        entry.idle = idle
        entry.deadline = _deadline(entry, now)
        if entry.deadline is not None:
            entry.alarm = self._heap.push(entry.deadline, entry)

    def disarm(self, entry: Entry[K, V]) -> None:
        """Stop to watch the entry."""
        if entry.alarm is not None:
            self._heap.withdraw(entry.alarm)
            entry.alarm = None
            entry.expires = entry.idle = entry.deadline = None

    def postpone(self, entry: Entry[K, V], now: float) -> None:
        """Begin the idle time anew, if there is one."""
        if entry.idle is not None:
            entry.deadline = _deadline(entry, now)

    def due(self, now: float) -> Iterator[Entry[K, V]]:
        """Yield each entry that is over; the caller must disarm it before asking for the next."""
        while (ticket := self._heap.first()) is not None and ticket.rank <= now:
            entry = ticket.item
            assert entry is not None
            assert entry.deadline is not None
            if entry.deadline > now:
                self._heap.withdraw(ticket)
                entry.alarm = self._heap.push(entry.deadline, entry)
            else:
                yield entry

    def cause(self, entry: Entry[K, V]) -> Cause:
        """Which of its two times was over first."""
        return Cause.EXPIRED if entry.deadline == entry.expires else Cause.IDLE


def _deadline(entry: Entry[K, V], now: float) -> float | None:
    # Read once each: a hit takes no lock, so another thread may disarm the entry in between.
    idle, expires = entry.idle, entry.expires
    if idle is None:
        return expires
    quiet = now + idle
    return quiet if expires is None or quiet < expires else expires
