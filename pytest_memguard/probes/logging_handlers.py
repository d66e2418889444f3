"""Handlers that were put on a logger, the root's too, and not taken off.

Only reported: `logging.basicConfig` in a program's start-up is meant to stay; an open log file is a finding of
its own.  pytest's handlers are passed over.  Cost: 0.3 µs for each of pytest's, 2 µs for another, nothing a
look while there are none.
"""

from __future__ import annotations

import logging
import sys
import weakref
from collections.abc import Callable
from typing import Any

from .patches import Patches, Stands
from .probe import Census, Key
from .state import State


class LoggingHandlers(State):
    """What `Logger.addHandler` adds."""

    name = "logging handler"

    def begin(self, _: Stands) -> None:
        """Patch `addHandler`; what is on a logger says the rest."""
        self._added: dict[Key, tuple[logging.Logger, weakref.ref[logging.Handler]]] = {}
        self._patches = Patches()
        self._patches.put(logging.Logger, "addHandler", self._adding(logging.Logger.addHandler))

    def stop(self) -> None:
        """Put it back."""
        self._patches.undo()
        self._added.clear()
        super().stop()

    def take(self) -> Census:
        """The handlers that were added and are still on their loggers."""
        if self._added:
            self._added = {
                key: (logger, ref)
                for key, (logger, ref) in self._added.items()
                if any(handler is ref() for handler in logger.handlers)
            }
            self._keys = frozenset(self._added)
        elif self._keys:
            self._keys = frozenset()
        return self._keys

    def words(self, key: Key) -> str:
        """Name the handler's type and the logger."""
        logger, ref = self._added[key]
        return f"{type(ref()).__name__} on {'the root logger' if logger.parent is None else repr(logger.name)}"

    def _adding(self, real: Callable[..., None]) -> Callable[..., None]:
        def addHandler(self_: logging.Logger, hdlr: Any) -> None:
            real(self_, hdlr)
            if type(hdlr).__module__ == "_pytest.logging":
                return
            key = (self.name, self_.name, id(hdlr))
            if key not in self._added:
                self._added[key] = self_, weakref.ref(hdlr)
                self.wrote(sys._getframe(1), *key[1:])

        addHandler.__doc__ = real.__doc__
        return addHandler
