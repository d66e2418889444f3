"""Environment variables that were set, changed or removed and not put back.

Values are compared, never shown: they may be secrets.  Cost: one comparison of two dictionaries that share
their values, 1 µs; 2 µs a change, which the interpreter's own audit events tell of.  A suite may clear and refill
the whole environment for each test, thousands of changes that are all taken back, so that each has to be cheap.
"""

from __future__ import annotations

import _collections_abc
import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from . import audit
from .patches import Stands
from .probe import Census, Key
from .state import State

HARNESS = ("PYTEST_CURRENT_TEST",)
"""What pytest itself changes in each phase of a test."""


class Environment(State):
    """`os.environ`."""

    name = "environment variable"

    def begin(self, _: Stands) -> None:
        """Listen to changes."""
        self._harness = frozenset(os.environ.encodekey(name) for name in HARNESS)
        self._base = dict(_data())
        self._seen = dict(self._base)
        audit.listen("os.putenv", self._changed)
        audit.listen("os.unsetenv", self._changed)

    def stop(self) -> None:
        """Listen no more."""
        audit.silence("os.putenv")
        audit.silence("os.unsetenv")
        super().stop()

    def take(self) -> Census:
        """The variables that are not what they were when the guard started."""
        now, seen = _data(), self._seen
        for name in self._harness:
            if name in now:
                seen[name] = now[name]
            else:
                seen.pop(name, None)
        if now == seen:
            return self._keys
        self._seen = dict(now)
        before = self._base
        changed = {name for name, _ in before.items() ^ self._seen.items()} - self._harness
        self._keys = frozenset((self.name, name, self._seen.get(name)) for name in changed)
        return self._keys

    def words(self, key: Key) -> str:
        """Name the variable, and not its value."""
        _, name, value = key
        how = "removed" if value is None else "changed" if name in self._base else "set"
        text = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        return f"{text}, {how}"

    def undo(self, key: Key, found: Key | None) -> Callable[[], object]:
        """Set it to what it was, or take it away."""
        name: Any = key[1]
        value: Any = found[2] if found is not None else self._base.get(name)
        decoded = os.fsdecode(name)
        if value is None:
            return lambda: os.environ.pop(decoded, None)
        return lambda: os.environ.update({decoded: os.fsdecode(value)})

    def _changed(self, arguments: tuple[Any, ...]) -> None:
        name, value = arguments if len(arguments) == 2 else (arguments[0], None)
        if self._base.get(name) == value:  # put back
            self._writers.pop(name, None)
        elif name not in self._harness:
            self.wrote(_asker(sys._getframe(2)), name, value)


_OS, _MAPPINGS = vars(os), vars(_collections_abc)
"""The globals of `os.environ`'s own methods, `clear` and `update` among them."""


def _asker(frame: FrameType | None) -> FrameType | None:
    """The frame that called such a method: globals can be compared without the audit event that code costs."""
    while frame is not None and (frame.f_globals is _OS or frame.f_globals is _MAPPINGS):
        frame = frame.f_back
    return frame


def _data() -> dict[Any, Any]:
    """The variables as the interpreter keeps them; a mapping that somebody put there instead is left alone."""
    data = getattr(os.environ, "_data", None)
    return data if type(data) is dict else {}
