"""Entries that were put into `sys.path` or taken out of it.

A list tells nobody of its changes: the line is the only one within the test's reach that does such a thing, or it is
not named.  Only reported, because suites extend the path on purpose.
Cost: one comparison of two lists of the same strings, 0.2 µs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from ..statements import GROWS, SHRINKS, Clue
from .patches import Stands
from .probe import Census, Key
from .state import State


class ImportPath(State):
    """`sys.path`."""

    name = "sys.path entry"

    def begin(self, _: Stands) -> None:
        """Remember the entries."""
        self._base = list(sys.path)
        self._seen = list(sys.path)

    def take(self) -> Census:
        """The entries that came or went since the guard started."""
        if sys.path == self._seen:
            return self._keys
        self._seen = list(sys.path)
        came = {(self.name, entry, "added") for entry in self._seen if entry not in self._base}
        went = {(self.name, entry, "removed") for entry in self._base if entry not in self._seen}
        self._keys = frozenset(came | went)
        return self._keys

    def clue(self, key: Key) -> Clue:
        """A line that makes `sys.path` longer, or shorter."""
        return Clue("path", sys, GROWS if key[2] == "added" else SHRINKS)

    def undo(self, key: Key, _: Key | None) -> Callable[[], object]:
        """Take out what was added, put in what was removed."""
        entry = str(key[1])

        def back() -> None:
            if key[2] == "added" and entry in sys.path:
                sys.path.remove(entry)
            elif key[2] == "removed" and entry not in sys.path:
                sys.path.insert(self._base.index(entry), entry)

        return back

    def words(self, key: Key) -> str:
        """Name the entry."""
        return f"{key[1]!r} {key[2]}"
