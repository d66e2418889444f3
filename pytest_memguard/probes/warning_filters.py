"""Filters that were added to `warnings` and stay in force.

pytest's own warnings plugin puts the filters back after each test, so that nothing can stay: there the kind
is off.  Elsewhere it is only reported.  Cost: one comparison of two lists of a dozen filters, 0.5 µs.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

from .patches import Patches, Stands
from .probe import Census, Key
from .state import State


class WarningFilters(State):
    """`warnings.filters`."""

    name = "warnings filter"

    def begin(self, _: Stands) -> None:
        """Patch what adds filters, where this Python has it in one place."""
        self._base = list(warnings.filters)
        self._seen = list(warnings.filters)
        self._patches = Patches()
        if hasattr(warnings, "_add_filter"):
            self._patches.put(warnings, "_add_filter", self._adding(warnings._add_filter))

    def stop(self) -> None:
        """Put it back."""
        self._patches.undo()
        super().stop()

    def take(self) -> Census:
        """The filters that were not there when the guard started."""
        filters: list[Any] = list(warnings.filters)
        if filters != self._seen:
            self._seen = filters
            self._keys = frozenset((self.name, each) for each in filters if each not in self._base)
        return self._keys

    def words(self, key: Key) -> str:
        """Say what it does to which warnings."""
        item: Any = key[1]
        action, message, category, module, _ = item
        about = [f"message {message.pattern!r}"] if message else []
        about += [f"module {module.pattern!r}"] if module else []
        return " ".join([f"{action!r} for {category.__name__}", *about])

    def _adding(self, real: Callable[..., None]) -> Callable[..., None]:
        def _add_filter(*item: Any, append: bool) -> None:
            real(*item, append=append)
            frame = sys._getframe(2)  # above simplefilter or filterwarnings
            self.wrote(frame, item)

        return _add_filter
