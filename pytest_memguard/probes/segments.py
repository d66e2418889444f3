"""What multiprocessing leaves with its resource tracker: shared memory that nobody unlinked, and semaphores.

A segment belongs to whoever created it, not to those who attach to it.  Semaphores have names only where
processes are spawned, and go with their object: they are only reported.
Cost: nothing until multiprocessing's parts are imported; 2 µs each, and one `stat` a look for each segment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..origins import Acquisition, Owner
from .patches import Patches, Stands
from .probe import Book, Census, Key, Sight

FOLDER = "/dev/shm"


class Segments:
    """Named things of the system that outlive their process."""

    name = "segment"

    def __init__(self) -> None:
        self._patches = Patches()
        self._segments: dict[str, Acquisition] = {}
        self._semaphores: dict[str, Acquisition] = {}
        self._found: set[str] = set()
        self._book: Book | None = None

    def start(self, book: Book, _: Stands) -> None:
        """Patch what is there; `take` looks again."""
        self._book = book
        self._find()

    def stop(self) -> None:
        """Put it back."""
        self._patches.undo()
        self._segments.clear()
        self._semaphores.clear()
        self._found.clear()

    def take(self) -> Census:
        """The segments that exist and the semaphores that are registered."""
        if len(self._found) < 2:
            self._find()
        if not self._segments and not self._semaphores:
            return frozenset()
        segments = {(self.name, name, "shared memory segment") for name in self._segments if _exists(name)}
        return frozenset(segments | {(self.name, name, "semaphore") for name in self._semaphores})

    def describe(self, key: Key) -> Sight | None:
        """Name it."""
        _, name, kind = key
        table = self._segments if kind == "shared memory segment" else self._semaphores
        acquired = table.get(str(name))
        return Sight(str(kind), str(name), acquired) if acquired is not None else None

    def forget(self, ended: Owner) -> None:
        """Drop the records of an owner that has been judged."""
        for table in (self._segments, self._semaphores):
            for name in [name for name, acquired in table.copy().items() if acquired.owner is ended]:
                del table[name]

    def _find(self) -> None:
        memory = getattr(sys.modules.get("multiprocessing.shared_memory"), "SharedMemory", None)
        if memory is not None and "memory" not in self._found:
            self._found.add("memory")
            self._patches.put(memory, "__init__", self._made(memory.__init__))
            self._patches.put(memory, "unlink", self._unlinked(memory.unlink))
        tracker = getattr(sys.modules.get("multiprocessing.resource_tracker"), "ResourceTracker", None)
        if tracker is not None and "tracker" not in self._found:
            self._found.add("tracker")
            self._patches.put(tracker, "_send", self._sent(tracker._send))

    def _made(self, real: Callable[..., None]) -> Callable[..., None]:
        def __init__(memory: Any, name: str | None = None, create: bool = False, *rest: Any, **named: Any) -> None:
            real(memory, name, create, *rest, **named)
            if create and self._book is not None:
                frame = sys._getframe(1)
                self._segments[memory.name] = self._book.enter("shared memory segment", memory.name, frame)

        __init__.__wrapped__ = real  # type: ignore[attr-defined]  # keeps the signature
        return __init__

    def _unlinked(self, real: Callable[..., None]) -> Callable[..., None]:
        def unlink(memory: Any) -> None:
            self._segments.pop(memory.name, None)
            real(memory)

        unlink.__doc__ = real.__doc__
        return unlink

    def _sent(self, real: Callable[..., None]) -> Callable[..., None]:
        def _send(tracker: Any, cmd: str, name: str, rtype: str) -> None:
            real(tracker, cmd, name, rtype)
            if rtype != "semaphore" or self._book is None:
                return
            if cmd == "REGISTER":
                self._semaphores[name] = self._book.enter("semaphore", name, _asker(sys._getframe(1)))
            else:
                self._semaphores.pop(name, None)

        return _send


def _asker(frame: FrameType | None) -> FrameType | None:
    """The first frame outside multiprocessing."""
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("multiprocessing"):
        frame = frame.f_back
    return frame


def _exists(name: str) -> bool:
    """Whether somebody else has unlinked it; where the folder is not there, nobody can tell."""
    return not os.path.isdir(FOLDER) or os.path.exists(f"{FOLDER}/{name.lstrip('/')}")
