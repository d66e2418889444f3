"""Callbacks that were registered with `atexit` and not taken back: they keep what they refer to until the end.

Only reported: an application's start-up registers on purpose.  What the standard library registers for
itself (finalizers, logging, pools) is its own.  Cost: nothing a look, 2 µs a registration.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

from ..origins import Place, place_of
from .patches import Stands
from .probe import Census, Key
from .state import State, Told, function_name


class ExitCallbacks(State):
    """What waits for the interpreter's end."""

    name = "exit callback"

    def begin(self, stands: Stands) -> None:
        """Stand where `register` and `unregister` stand."""
        self._number = count()
        self._waiting: dict[Key, Callable[..., Any]] = {}
        stands.add(Told(atexit.register, self._registered), Told(atexit.unregister, self._unregistered))

    def stop(self) -> None:
        """Forget them."""
        self._waiting.clear()
        super().stop()

    def take(self) -> Census:
        """The callbacks that wait."""
        return self._keys

    def words(self, key: Key) -> str:
        """Name the function."""
        return function_name(self._waiting[key])

    def _registered(self, _: Any, function: Callable[..., Any], *__: Any, **___: Any) -> None:
        frame = sys._getframe(2)
        if place_of(frame.f_code.co_filename) is Place.STDLIB:
            return
        key = (self.name, next(self._number))
        self._waiting[key] = function
        self.wrote(frame, key[1])
        self._keys = frozenset(self._waiting)

    def _unregistered(self, _: Any, function: Callable[..., Any]) -> None:
        for key in [key for key, waiting in self._waiting.copy().items() if waiting == function]:
            del self._waiting[key]
            self._writers.pop(key[1], None)
        self._keys = frozenset(self._waiting)
