"""The lock of a pool for threads, and what the garbage collector found while it was held."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import Any, Protocol

from .slot import Slot


class _Pool(Protocol):
    def _take_in(self, slot: Slot[Any]) -> bool: ...

    def _retire(self, slot: Slot[Any]) -> None: ...


class TakeIn:
    """The lock of a pool, and the slots of dropped leases that are still to be taken in.

    A lease may be dropped while this very thread holds the lock, so its finalizer cannot wait for it.  It
    leaves the slot in `dropped`; whoever unlocks calls `settle` if there is anything, so none is overlooked.
    """

    def __init__(self, pool: weakref.ref[_Pool]) -> None:
        # One that knows its owner: an interrupt may strike between taking it and noting that it was taken.
        # Written in C, so that `with` is safe from that by itself.
        self.lock: Any = threading.RLock()
        self.dropped: deque[Slot[Any]] = deque()
        self._pool = pool

    def leave_if_entered(self) -> None:
        """Unlock after an exception that may have come before the lock was taken."""
        if self.lock._is_owned():
            self.lock.release()

    def settle(self) -> None:
        """Take in what was dropped, unless somebody holds the lock, who will do it."""
        pool = self._pool()
        if pool is None or self.lock._is_owned():
            return
        while self.dropped and self.lock.acquire(blocking=False):
            try:
                slot = self.dropped.popleft() if self.dropped else None
                kept = slot is None or pool._take_in(slot)
            finally:
                self.lock.release()
            if slot is not None and not kept:
                pool._retire(slot)
