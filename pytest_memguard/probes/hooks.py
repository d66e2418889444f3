"""Hooks of the interpreter that were replaced and not put back, and callbacks left with the collector.

Only reported, and only when the hook's own code is the project's: a library that installs one at its first use
does so on purpose.  Cost: a dozen attributes compared by identity, 0.5 µs.
"""

from __future__ import annotations

import gc
import sys
import threading
import types
from typing import Any

from ..origins import Place, place_of
from .patches import Stands
from .probe import Census, Key
from .state import State, function_name

SINGLE: tuple[tuple[Any, str], ...] = (
    (sys, "excepthook"),
    (sys, "displayhook"),
    (sys, "unraisablehook"),
    (sys, "breakpointhook"),
    (threading, "excepthook"),
)
LISTS: tuple[tuple[str, list[Any]], ...] = (
    ("gc.callbacks", gc.callbacks),
    ("sys.meta_path", sys.meta_path),
    ("sys.path_hooks", sys.path_hooks),
)
"""The interpreter holds on to these very lists."""


class Hooks(State):
    """What the interpreter calls; an attribute tells nobody who set it."""

    name = "interpreter hook"

    def begin(self, _: Stands) -> None:
        """Remember them; the references keep identities from being used again."""
        self._here = _quickly()
        self._base = self._seen = _now()

    def stop(self) -> None:
        """Forget them."""
        self._base = self._seen = []
        super().stop()

    def take(self) -> Census:
        """The hooks that were not there when the guard started."""
        here = _quickly()
        if here == self._here:  # identity settles it, element by element
            return self._keys
        self._here, self._seen = here, _now()
        before = {(name, id(hook)) for name, hook in self._base}
        self._keys = frozenset(
            (self.name, name, id(hook))
            for name, hook in self._seen
            if (name, id(hook)) not in before and place_of(_file(hook)) is Place.PROJECT
        )
        return self._keys

    def words(self, key: Key) -> str:
        """Name the hook and what stands there."""
        hook = next((hook for name, hook in self._seen if name == key[1] and id(hook) == key[2]), None)
        return f"{key[1]}: {function_name(hook)} of {_file(hook)}"


def _quickly() -> tuple[Any, ...]:
    """The same as `_now`, without names: this is asked twice a test."""
    return (
        sys.excepthook,
        sys.displayhook,
        sys.unraisablehook,
        sys.breakpointhook,
        threading.excepthook,
        *gc.callbacks,
        *sys.meta_path,
        *sys.path_hooks,
    )


def _now() -> list[tuple[str, Any]]:
    single = [(f"{module.__name__}.{name}", getattr(module, name)) for module, name in SINGLE]
    return single + [(name, each) for name, hooks in LISTS for each in hooks]


def _file(hook: Any) -> str:
    """Whose code a hook is: its own file, or its type's."""
    function = hook.__func__ if isinstance(hook, types.MethodType) else hook
    if isinstance(function, types.FunctionType):
        return function.__code__.co_filename
    kind = hook if isinstance(hook, type) else type(hook)
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return file if isinstance(file, str) else "<frozen>"
