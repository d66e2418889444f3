"""Locks that a test took and did not give back: those of the project's modules, classes and their instances.

Known are `threading`'s Lock, RLock, Condition and BoundedSemaphore and asyncio's Lock, Condition and
BoundedSemaphore.  A plain semaphore may count up and down by design, and what a test makes for itself dies with
it.  While other threads run, only a lock that knows its holder counts.  A lock tells nobody who took it: the
report says which one it is.
Cost: 0.1 µs for each such lock; one look through the project's modules when another module was imported.
"""

from __future__ import annotations

import sys
import threading
import types
import weakref
from collections.abc import Iterator
from typing import Any

from ..origins import Owner, Place, place_of
from .patches import Stands
from .probe import Book, Census, Key, Sight

LOCK, RLOCK = type(threading.Lock()), type(threading.RLock())
DEEP = 2
"""How many objects deep an attribute may lie under a module's name."""


class Locks:
    """Locks that the project's modules can name."""

    name = "lock"

    def __init__(self) -> None:
        self._locks: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._modules = 0

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
        held = ((ref(), key) for key, (ref, _) in list(self._locks.items()))
        return frozenset((self.name, key, at) for lock, key in held if lock is not None for at in range(times(lock)))

    def describe(self, key: Key) -> Sight | None:
        """Name the lock by its place."""
        number = key[1]
        assert isinstance(number, int)
        ref, what = self._locks.get(number, (None, ""))
        lock = ref() if ref is not None else None
        if lock is None or (threading.active_count() > 1 and not _is_mine(lock)):
            return None  # another thread runs, and may be in the middle of its work
        return Sight(self.name, what, None, lock)

    def forget(self, _: Owner) -> None:
        """Look again: a test may have made the module's first instance."""
        self._modules = 0

    def _find(self) -> None:
        self._modules = len(sys.modules)
        found: dict[int, tuple[weakref.ref[Any], str]] = {}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) if type(module) is types.ModuleType else None
            if isinstance(file, str) and place_of(file) is Place.PROJECT:
                for lock, where in _inside(vars(module), name, DEEP):
                    found.setdefault(id(lock), (weakref.ref(lock), where))
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


def _inside(names: dict[str, Any], where: str, deep: int) -> Iterator[tuple[Any, str]]:
    """The locks among values, in classes and in instances of the project's classes."""
    for name, value in list(names.items()):
        kind = type(value)
        if kind is threading.Condition:
            yield value._lock, f"{where}.{name}"
        elif _is_lock(kind):
            yield value, f"{where}.{name}"
        elif deep > 1 and _is_projects(value if kind is type else kind):
            try:
                inside = object.__getattribute__(value, "__dict__") if kind is not type else vars(value)
            except AttributeError:
                continue
            yield from _inside(dict(inside), f"{where}.{name}", deep - 1)


def _is_lock(kind: type) -> bool:
    if kind is LOCK or kind is RLOCK or kind is threading.BoundedSemaphore:
        return True
    return kind.__module__ == "asyncio.locks" and kind.__name__ in ("Lock", "Condition", "BoundedSemaphore")


def _is_projects(kind: Any) -> bool:
    module = getattr(sys.modules.get(kind.__dict__.get("__module__", "")), "__file__", None)
    return isinstance(module, str) and place_of(module) is Place.PROJECT
