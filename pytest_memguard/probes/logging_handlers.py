"""Handlers that were put on a logger, the root's too, and not taken off.

Only reported: `logging.basicConfig` in a program's start-up is meant to stay; an open log file is a finding of
its own.  pytest's handlers are passed over.  Cost: 0.3 µs for each of pytest's, 2 µs for another, nothing a
look while there are none.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import weakref
from collections.abc import Callable
from typing import Any

from ..origins import Acquisition
from .patches import Patches, Stands
from .probe import Census, Key, Sight
from .state import State


class LoggingHandlers(State):
    """What `Logger.addHandler` adds."""

    name = "logging handler"

    def begin(self, _: Stands) -> None:
        """Patch `addHandler`; what is on a logger says the rest."""
        self._added: weakref.WeakKeyDictionary[logging.Handler, tuple[weakref.ref[logging.Logger], Acquisition]]
        self._added = weakref.WeakKeyDictionary()
        self._patches = Patches()
        self._patches.put(logging.Logger, "addHandler", self._adding(logging.Logger.addHandler))

    def stop(self) -> None:
        """Put it back."""
        self._patches.undo()
        self._added.clear()
        super().stop()

    def take(self) -> Census:
        """The handlers that were added and are still on their loggers."""
        if self._added or self._keys:
            pairs = [(handler, ref()) for handler, (ref, _) in self._added.items()]
            self._keys = frozenset(
                (self.name, id(handler))
                for handler, logger in pairs
                if logger is not None and any(handler is each for each in logger.handlers)
            )
        return self._keys

    def describe(self, key: Key) -> Sight | None:
        """Tell the handler's type and the logger."""
        for handler, (ref, acquired) in self._added.items():
            logger = ref()
            if id(handler) == key[1] and logger is not None:
                where = "the root logger" if logger is logging.getLogger() else repr(logger.name)
                return Sight(self.name, f"{type(handler).__name__} on {where}", acquired, handler)
        return None

    def words(self, key: Key) -> str:
        """Never asked."""
        raise LookupError(key)

    def _adding(self, real: Callable[..., None]) -> Callable[..., None]:
        def addHandler(self_: logging.Logger, hdlr: Any) -> None:
            real(self_, hdlr)
            if type(hdlr).__module__ != "_pytest.logging":
                with contextlib.suppress(TypeError):  # a handler of another make that no weak reference can follow
                    self._added[hdlr] = weakref.ref(self_), self.acquired(sys._getframe(1))

        addHandler.__doc__ = real.__doc__
        return addHandler
