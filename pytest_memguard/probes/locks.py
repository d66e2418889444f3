"""Locks that a test took and did not give back: those of the project's modules, classes and their instances.

Known are `threading`'s Lock, RLock, Condition and BoundedSemaphore and asyncio's Lock, Condition and
BoundedSemaphore.  A plain semaphore may count up and down by design, and what a test makes for itself dies with
it.  While other threads run, only a lock that knows its holder counts.  A lock tells nobody who took it: the
line is the only one within the test's reach that takes one of that name, or it is not named.
Cost: 0.1 µs for each such lock; one look through the project's modules (1 to 5 ms) when another module was imported,
and ever more rarely, after 1, 2, 4, ... and at last every 64 tests, as long as that finds nothing new.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

from ..origins import Owner
from ..statements import TAKES, Clue
from . import named
from .patches import Stands
from .probe import Book, Census, Key, Sight

LOCK, RLOCK = type(threading.Lock()), type(threading.RLock())
RAREST = 64
"""After how many tests at the latest the modules are looked through again."""


class Locks:
    """Locks that the project's modules can name."""

    name = "lock"

    def __init__(self) -> None:
        self._locks: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._modules = 0
        self._pause = 1
        self._waited = 0

    def start(self, _: Book, __: Stands) -> None:
        """Nothing is patched: the first look finds them."""

    def stop(self) -> None:
        """Forget them."""
        self._locks.clear()
        self._modules = 0

    def take(self) -> Census:
        """The locks that are held now; one that can be held several times, so many times."""
        if len(sys.modules) != self._modules:
            self._find()
        if not self._locks:
            return frozenset()
        held = ((ref(), key) for key, (ref, _) in self._locks.copy().items())
        return frozenset((self.name, key, at) for lock, key in held if lock is not None for at in range(times(lock)))

    def describe(self, key: Key) -> Sight | None:
        """Name the lock by its place."""
        number = key[1]
        assert isinstance(number, int)
        ref, what = self._locks.get(number, (None, ""))
        lock = ref() if ref is not None else None
        if lock is None or (threading.active_count() > 1 and not _is_mine(lock)):
            return None  # another thread runs, and may be in the middle of its work
        return Sight(
            self.name, what, None, lock, clue=Clue(what.rpartition(".")[2], None, TAKES, writes=False, assigns=False)
        )

    def is_same(self, one: Key, other: Key) -> bool:
        """Whether two keys are about the same lock, held so many times."""
        return one == other

    def undo(self, key: Key, _: Key | None) -> Callable[[], object] | None:
        """Release it once: the next test that needs it would wait for ever."""
        number = key[1]
        assert isinstance(number, int)
        ref, _name = self._locks.get(number, (None, ""))
        lock = ref() if ref is not None else None
        if lock is None or (type(lock) is RLOCK and not _is_mine(lock)) or getattr(lock, "_waiters", None):
            return None  # only its holder can, or a loop's task has to be told
        return lambda: lock.release() if times(lock) else None

    def forget(self, _: Owner) -> None:
        """Look again in time: a test may have made the module's first instance."""
        self._waited += 1
        if self._waited >= self._pause:
            self._modules = 0

    def _find(self) -> None:
        self._modules = len(sys.modules)
        found: dict[int, tuple[weakref.ref[Any], str]] = {}
        for value, where in named.values(_may_be_lock):
            lock = getattr(value, "_lock", None) if type(value) is threading.Condition else value
            if _is_lock(type(lock)):
                found.setdefault(id(lock), (weakref.ref(lock), where))
        self._pause = min(2 * self._pause, RAREST) if found.keys() <= self._locks.keys() else 1
        self._waited = 0
        self._locks = found


def _is_mine(lock: Any) -> bool:
    """Whether the calling thread holds it, of the one kind that knows."""
    owned: Any = getattr(lock, "_is_owned", None)
    return type(lock) is RLOCK and bool(owned())


def times(lock: Any) -> int:
    """How many times a lock is held."""
    kind = type(lock)
    if kind is LOCK:
        return int(lock.locked())
    if kind is RLOCK:
        return int(repr(lock).startswith("<locked"))  # it has no `locked` before Python 3.14
    if kind is threading.BoundedSemaphore:
        return max(int(lock._initial_value - lock._value), 0)
    if kind.__name__ == "BoundedSemaphore":
        return max(int(lock._bound_value - lock._value), 0)
    return int(lock.locked())


def _may_be_lock(kind: type) -> bool:
    return kind is threading.Condition or _is_lock(kind)


def _is_lock(kind: type) -> bool:
    if kind is LOCK or kind is RLOCK or kind is threading.BoundedSemaphore:
        return True
    return kind.__module__ == "asyncio.locks" and kind.__name__ in ("Lock", "Condition", "BoundedSemaphore")
