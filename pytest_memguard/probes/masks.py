"""The umask, when it is not put back: files that later tests make get other permissions.

Cost: nothing a look, 2 µs a call of `os.umask`.  Only setting tells what it is, so what C code sets is not seen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

from .patches import Stands
from .probe import Census, Key
from .state import State, Told


class Masks(State):
    """What `os.umask` sets."""

    name = "umask"
    is_one = True

    def begin(self, stands: Stands) -> None:
        """Stand where `os.umask` stands."""
        self._base: int | None = None
        self._told = Told(os.umask, self._changed)
        stands.add(self._told)

    def take(self) -> Census:
        """The mask, when it is not the one before the first change."""
        return self._keys

    def words(self, key: Key) -> str:
        """Say what it is and what it was."""
        return f"{key[1]:#o} instead of {self._base:#o}"

    def undo(self, _: Key, found: Key | None) -> Callable[[], object]:
        """Set it to what it was."""
        return partial(self._told, found[1] if found is not None else self._base)

    def _changed(self, before: int, mask: int) -> None:
        if self._base is None:
            self._base = before
        self.wrote(sys._getframe(2), mask)
        self._keys = frozenset([(self.name, mask)] if mask != self._base else [])
