"""The working directory, when a test leaves the process in another.

Cost: nothing until somebody changes it, then one system call a look while it is another; 2 µs a change.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

from . import audit
from .patches import Stands
from .probe import Census, Key
from .state import State


class WorkingDirectory(State):
    """`os.getcwd()`."""

    name = "working directory"
    is_one = True

    def begin(self, _: Stands) -> None:
        """Listen to changes."""
        self._base = _here()
        self._moved = False
        audit.listen("os.chdir", self._changed)

    def stop(self) -> None:
        """Listen no more."""
        audit.silence("os.chdir")
        super().stop()

    def take(self) -> Census:
        """The directory, when it is not what it was when the guard started."""
        if not self._moved:
            return self._keys
        here = _here()
        self._moved = here != self._base
        self._keys = frozenset([(self.name, here)] if self._moved else [])
        return self._keys

    def words(self, key: Key) -> str:
        """Say where the process is and where it was."""
        return f"{key[1]} instead of {self._base}"

    def undo(self, _: Key, found: Key | None) -> Callable[[], object]:
        """Go back there, if it is still to be found."""
        folder = str(found[1]) if found is not None else self._base

        def back() -> None:
            with contextlib.suppress(OSError):
                os.chdir(folder)

        return back

    def _changed(self, arguments: tuple[object, ...]) -> None:
        self._moved = True
        path = arguments[0]
        if isinstance(path, str | bytes | os.PathLike):
            self.wrote(sys._getframe(2), os.path.realpath(os.fsdecode(path)))


def _here() -> str:
    try:
        return os.path.realpath(os.getcwd())
    except FileNotFoundError:  # it has been removed under the process
        return "a folder that is gone"
