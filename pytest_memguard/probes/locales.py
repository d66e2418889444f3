"""The locale, when it is not put back.

Only reported: a program's start-up sets the user's locale on purpose.
Cost: nothing until `locale.setlocale` is called, then 1 µs a look while it is another.
"""

from __future__ import annotations

import locale
import sys
from collections.abc import Callable
from functools import partial

from .patches import Stands
from .probe import Census, Key
from .state import State, Told


class Locales(State):
    """What `locale.setlocale` sets."""

    name = "locale"
    is_one = True

    def begin(self, stands: Stands) -> None:
        """Stand where `setlocale` stands."""
        self._base = locale.setlocale(locale.LC_ALL)
        self._set = False
        self._real = locale.setlocale
        stands.add(Told(locale.setlocale, self._changed))

    def take(self) -> Census:
        """The locale, when it is not what it was when the guard started."""
        if self._set:
            now = self._real(locale.LC_ALL)
            self._set = now != self._base
            self._keys = frozenset([(self.name, now)] if self._set else [])
        return self._keys

    def words(self, key: Key) -> str:
        """Say what it is and what it was."""
        return f"{key[1]} instead of {self._base}"

    def undo(self, _: Key, found: Key | None) -> Callable[[], object]:
        """Set it to what it was."""
        return partial(self._real, locale.LC_ALL, str(found[1]) if found is not None else self._base)

    def _changed(self, *_: object, **__: object) -> None:
        now = self._real(locale.LC_ALL)
        if now != self._base:
            self._set = True
            self.wrote(sys._getframe(2), now)
