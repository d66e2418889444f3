"""Caches of the project that a test filled: `functools.lru_cache`, cachetools and cachebox.

A cache is made to be filled, so nobody looks unless asked; growth without end is proved at the heap level, where
it is named by the cache.  Here a cache counts when it became larger than it ever was.
Cost: nothing while the kind is off; else 0.3 µs for each cache, and one look through the project's modules when
another module was imported.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

from ..origins import Owner
from . import named
from .patches import Stands
from .probe import Book, Census, Key, Sight

CACHE = type(functools.lru_cache(lambda: None))
LIBRARIES = {"cachetools": "Cache", "cachebox": "BaseCacheImpl"}
"""Whose instances are caches, and the class that says so."""


class Caches:
    """Caches that the project's modules can name."""

    name = "filled cache"

    def __init__(self) -> None:
        self._caches: dict[str, Any] = {}
        self._largest: dict[str, int] = {}
        self._modules = 0

    def start(self, _: Book, __: Stands) -> None:
        """Nothing is patched: the first look finds them."""

    def stop(self) -> None:
        """Forget them."""
        self._caches.clear()
        self._largest.clear()
        self._modules = 0

    def take(self) -> Census:
        """Each cache with the largest size that it has had."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            self._caches = {where: value for value, where in named.values(_is_cache)}
        for where, cache in self._caches.items():
            self._largest[where] = max(self._largest.get(where, 0), _size(cache))
        return frozenset((self.name, where, size) for where, size in self._largest.items() if size)

    def describe(self, key: Key) -> Sight | None:
        """Name the cache and its size."""
        _, where, size = key
        return Sight(self.name, f"{where}, {size} entries", None, self._caches.get(str(where)))

    def forget(self, _: Owner) -> None:
        """Nothing to do: a size is kept for as long as the guard runs."""


def _is_cache(kind: type) -> bool:
    if kind is CACHE:
        return True
    return any(LIBRARIES.get(each.__module__.partition(".")[0]) == each.__name__ for each in kind.__mro__)


def _size(cache: Any) -> int:
    return int(cache.cache_info().currsize) if type(cache) is CACHE else len(cache)
