"""The lock of a pool for threads."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .slot import Slot


class _Pool(Protocol):
    def _take_in(self, slot: Slot[Any]) -> bool: ...

    def _retire(self, slot: Slot[Any]) -> None: ...


class TakeIn(AbstractContextManager[None]):
    """The lock of a pool, which also takes in the slots that the garbage collector found.

    A lease may be dropped while this very thread holds the lock, so its finalizer cannot wait for it.  It
    leaves the slot in `dropped`; whoever unlocks looks there afterwards, so none is overlooked.
    """

    def __init__(self, pool: weakref.ref[_Pool]) -> None:
        self.raw = threading.Lock()
        self.dropped: deque[Slot[Any]] = deque()
        self._pool = pool

    def __enter__(self) -> None:
        self.raw.acquire()

    def __exit__(self, *error: object) -> None:
        self.raw.release()
        if self.dropped:
            self.settle()

    def settle(self) -> None:
        """Take in what was dropped, unless somebody holds the lock, who will do it."""
        pool = self._pool()
        while self.dropped and pool is not None and self.raw.acquire(blocking=False):
            try:
                slot = self.dropped.popleft() if self.dropped else None
                kept = slot is None or pool._take_in(slot)
            finally:
                self.raw.release()
            if slot is not None and not kept:
                pool._retire(slot)
