"""Hooks of the interpreter that were replaced and not put back, and callbacks left with the collector.

Only reported, and only when the hook's own code is the project's: a library that installs one at its first use
does so on purpose.  Of the line the same is known as of `sys.path`.
Cost: a dozen attributes compared by identity, 0.5 µs.
"""

from __future__ import annotations

import gc
import sys
import threading
import types
from collections.abc import Callable
from functools import partial
from typing import Any

from ..origins import Place, place_of
from ..statements import GROWS, Clue
from .patches import Stands
from .probe import Census, Key
from .state import State, function_name

SINGLE: dict[str, tuple[Any, str]] = {
    f"{module.__name__}.{name}": (module, name)
    for module, name in (
        (sys, "excepthook"),
        (sys, "displayhook"),
        (sys, "unraisablehook"),
        (sys, "breakpointhook"),
        (threading, "excepthook"),
    )
}
"""Hooks that are attributes."""
TRACERS: dict[str, tuple[Any, Callable[[], Any], Callable[[Any], object]]] = {
    "sys.settrace": (sys, sys.gettrace, sys.settrace),
    "sys.setprofile": (sys, sys.getprofile, sys.setprofile),
    "threading.settrace": (threading, threading.gettrace, threading.settrace),
    "threading.setprofile": (threading, threading.getprofile, threading.setprofile),
}
"""Hooks that have a function to ask and one to set."""
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
        hook = self._hook(key)
        return f"{key[1]}: {function_name(hook)} of {_file(hook)}"

    def clue(self, key: Key) -> Clue:
        """A line that sets the attribute, or makes the list longer."""
        module, _, name = str(key[1]).rpartition(".")
        calls = frozenset({name}) if key[1] in TRACERS else GROWS
        return Clue(name, sys.modules[module], calls, value=self._hook(key))

    def undo(self, key: Key, found: Key | None) -> Callable[[], object]:
        """Set the hook that was there, or take it out of its list."""
        name, hook = str(key[1]), self._hook(key)
        hooks = dict(LISTS).get(name)
        if hooks is not None:
            return lambda: hooks.remove(hook) if hook in hooks else None
        before = self._hook(found) if found is not None else dict(self._base)[name]
        if name in TRACERS:
            return partial(TRACERS[name][2], before)
        return partial(setattr, *SINGLE[name], before)

    def is_same(self, one: Key, other: Key) -> bool:
        """Whether two keys are about the same hook; of a list each hook is one of its own."""
        return super().is_same(one, other) and (one == other or one[1] not in dict(LISTS))

    def _hook(self, key: Key) -> Any:
        return next((hook for name, hook in self._seen if name == key[1] and id(hook) == key[2]), None)


def _quickly() -> tuple[Any, ...]:
    """The same as `_now`, without names: this is asked twice a test."""
    return (
        sys.excepthook,
        sys.displayhook,
        sys.unraisablehook,
        sys.breakpointhook,
        threading.excepthook,
        sys.gettrace(),
        sys.getprofile(),
        threading.gettrace(),
        threading.getprofile(),
        *gc.callbacks,
        *sys.meta_path,
        *sys.path_hooks,
    )


def _now() -> list[tuple[str, Any]]:
    single = [(name, getattr(*where)) for name, where in SINGLE.items()]
    single += [(name, ask()) for name, (_, ask, _) in TRACERS.items()]
    return single + [(name, each) for name, hooks in LISTS for each in hooks]


def _file(hook: Any) -> str:
    """Whose code a hook is: its own file, or its type's."""
    function = hook.__func__ if isinstance(hook, types.MethodType) else hook
    if isinstance(function, types.FunctionType):
        return function.__code__.co_filename
    kind = hook if isinstance(hook, type) else type(hook)
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return file if isinstance(file, str) else "<frozen>"
