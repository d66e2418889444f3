"""Which containers of the project's modules and classes hold more after each run.

A dictionary of strings to bytes holds nothing that the collector follows, so it grows unseen by a count of objects; but
its length tells.  Lengths are asked of the built-in types and of `lru_cache`, never of code of the project's.
Cost: some 20 ns a global of the project's modules and an attribute of their classes, at each look.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from .origins import Place
from .paths import module_roots

_LENGTHS: tuple[tuple[type, Callable[[Any], int]], ...] = (
    (dict, dict.__len__),
    (list, list.__len__),
    (set, set.__len__),
    (deque, deque.__len__),
    (bytearray, bytearray.__len__),
)
_CACHE = type(lru_cache(len))


class Lengths:
    """Lengths of containers, compared from one run to the next."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._steps: dict[str, int] | None = None

    def begin(self) -> None:
        """Take the lengths before the first run."""
        self._last = dict(lengths())
        self._steps = None

    def look(self) -> None:
        """Take the lengths after a run; what did not grow as in the runs before is dismissed."""
        now = dict(lengths())
        steps = {name: now[name] - before for name, before in self._last.items() if now.get(name, before) > before}
        if self._steps is not None:
            steps = {name: step for name, step in steps.items() if self._steps.get(name) == step}
        self._steps, self._last = steps, now

    @property
    def growing(self) -> dict[str, int]:
        """The containers that grew in every run so far, by the same number each time; the one that grew most first."""
        return dict(sorted((self._steps or {}).items(), key=lambda pair: (-pair[1], pair[0])))


def lengths() -> Iterator[tuple[str, int]]:
    """The containers of the project's modules and their classes, and how long they are: `app.PAGES (dict)`, 12."""
    for module, values in module_roots(Place.PROJECT).items():
        for name, value in list(values.items()):
            if name.startswith("__"):
                continue
            yield from _length(f"{module}.{name}", value)
            if isinstance(value, type) and value.__module__ == module:
                for attribute, inner in list(vars(value).items()):
                    if not attribute.startswith("__"):
                        yield from _length(f"{module}.{name}.{attribute}", inner)


def _length(name: str, value: Any) -> Iterator[tuple[str, int]]:
    kind = type(value)
    if kind in _PLAIN:
        return
    if kind is _CACHE:
        yield f"{name} (lru_cache)", value.cache_info().currsize
        return
    for built_in, length in _LENGTHS:
        if issubclass(kind, built_in):
            yield f"{name} ({kind.__name__})", length(value)
            return


_PLAIN = frozenset(
    {int, str, bytes, float, bool, tuple, frozenset, type, type(None), types.FunctionType, types.ModuleType}
)
"""What most globals are, and what cannot grow."""
