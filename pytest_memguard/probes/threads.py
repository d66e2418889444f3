"""Threads that are still alive, and who started each.

Cost: 1 µs a census (`threading.enumerate`), 1.5 µs a start.  CPython 3.11 has no audit event for a start.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from ..origins import Acquisition, Owner
from .patches import Patches, Stands
from .probe import Book, Census, Key, Sight
from .watched import Register, Watched


class Threads:
    """Live threads.  Each carries its owner's name tag, so that what it acquires is charged to who started it."""

    name = "thread"

    def __init__(self, mark: str, employer: Callable[[threading.Thread], Acquisition | None]) -> None:
        self._mark = mark
        self._employer = employer
        self._patches = Patches()
        self._started = Register(_ended)

    def start(self, book: Book, _: Stands) -> None:
        """Patch `Thread.start`."""
        real, mark, started = threading.Thread.start, self._mark, self._started

        def start(thread: threading.Thread) -> None:
            acquired = book.enter("thread", "", sys._getframe(1))
            setattr(thread, mark, acquired.owner)
            started.add(thread, acquired)
            real(thread)

        start.__doc__ = real.__doc__
        self._patches.put(threading.Thread, "start", start)

    def stop(self) -> None:
        """Put `Thread.start` back."""
        self._patches.undo()
        self._started.clear()

    def take(self) -> Census:
        """The threads that run now, without the main thread and those that Python invents for foreign ones."""
        return frozenset(
            (self.name, id(thread), thread.ident)
            for thread in threading.enumerate()
            if type(thread) not in (threading._DummyThread, threading._MainThread)  # type: ignore[attr-defined]
        )

    def describe(self, key: Key) -> Sight | None:
        """Tell name, kind and starter of a thread."""
        _, identity, ident = key
        for thread in threading.enumerate():
            if id(thread) == identity and thread.ident == ident:
                what = f"{thread.name!r}{', a daemon' if thread.daemon else ''}{_target(thread)}"
                employer = self._employer(thread)
                return Sight("thread", what, employer or self._started.find(thread), thread, subject=employer is None)
        return None

    def forget(self, ended: Owner) -> None:
        """Nothing to do: the records go with the threads."""


def _ended(ref: Watched) -> None:
    """A thread object that is freed has ended: that is how threads should go."""


def _target(thread: threading.Thread) -> str:
    """What it runs: a function, a timer's function, or the `run` of a class of its own."""
    if isinstance(thread, threading.Timer):
        return f", a Timer that waits {thread.interval} s{_running(thread.function)}"
    target = _running(getattr(thread, "_target", None))
    kind = type(thread)
    return target if target or kind is threading.Thread else f", running {kind.__qualname__}.run"


def _running(target: Any) -> str:
    name = getattr(target, "__qualname__", None)
    return f", running {name}" if isinstance(name, str) else ""
