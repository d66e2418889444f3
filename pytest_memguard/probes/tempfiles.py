"""Temporary files and folders that stay on the disk, and those that only a finalizer removed.

Cost: 1 µs each, and one `stat` a test for each that may still be there.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from ..origins import Acquisition, Owner
from . import audit
from .patches import Patches, Stands
from .probe import Book, Census, Key, Sight

EVENTS = {"tempfile.mkstemp": "temporary file", "tempfile.mkdtemp": "temporary folder"}


class TemporaryFiles:
    """What `tempfile` created; `managed` says which folders somebody else empties, such as `tmp_path`'s."""

    name = "temporary file"

    def __init__(self, managed: Callable[[str], bool]) -> None:
        self._managed = managed
        self._made: dict[str, Acquisition] = {}
        self._patches = Patches()
        self._book: Book | None = None

    def start(self, book: Book, _: Stands) -> None:
        """Listen for both events, and patch the two finalizers."""
        self._book = book
        for event, kind in EVENTS.items():
            audit.listen(event, self._listener(kind))
        closer: Any = tempfile._TemporaryFileCloser  # type: ignore[attr-defined]
        if "__del__" in vars(closer):
            self._patches.put(closer, "__del__", self._closer(closer.__del__))
        folder: Any = tempfile.TemporaryDirectory
        self._patches.put(folder, "_cleanup", self._cleanup(vars(folder)["_cleanup"].__func__))

    def stop(self) -> None:
        """Put everything back."""
        for event in EVENTS:
            audit.silence(event)
        self._patches.undo()
        self._made.clear()

    def take(self) -> Census:
        """The temporary files and folders that exist now."""
        return frozenset((self.name, path) for path in list(self._made) if os.path.lexists(path))

    def describe(self, key: Key) -> Sight | None:
        """Tell kind and path."""
        path = key[1]
        assert isinstance(path, str)
        acquired = self._made.get(path)
        if acquired is None or self._managed(path) or self._inside_another(path):
            return None
        return Sight(acquired.kind, path, acquired)

    def forget(self, ended: Owner) -> None:
        """Drop the records of an owner that has been judged, and of what is gone."""
        self._made = {
            path: acquired
            for path, acquired in self._made.copy().items()
            if acquired.owner is not ended and os.path.lexists(path)
        }

    def _inside_another(self, path: str) -> bool:
        return any(path != other and path.startswith(other + os.sep) for other in self._made)

    def _listener(self, kind: str) -> Callable[[tuple[Any, ...]], None]:
        def made(arguments: tuple[Any, ...]) -> None:
            path = arguments[0]
            if isinstance(path, str | bytes) and self._book is not None:
                path = os.path.abspath(os.fsdecode(path))
                self._made[path] = self._book.enter(kind, path, sys._getframe(2))

        return made

    def _drop(self, path: str) -> None:
        acquired = self._made.pop(os.path.abspath(os.fsdecode(path)), None)
        if acquired is not None and self._book is not None:
            self._book.drop(acquired)

    def _closer(self, real: Callable[[Any], None]) -> Callable[[Any], None]:
        def __del__(closer: Any) -> None:
            if not closer.close_called and closer.file is not None:
                self._drop(closer.name)
            real(closer)

        return __del__

    def _cleanup(self, real: Callable[..., None]) -> classmethod[Any, Any, None]:
        def _cleanup(kind: Any, name: str, *arguments: Any, **named: Any) -> None:
            if named.get("delete", True):
                self._drop(name)
            real(kind, name, *arguments, **named)

        return classmethod(_cleanup)
