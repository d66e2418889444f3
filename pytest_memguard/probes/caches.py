"""Caches and containers of the project that a test made larger: `lru_cache`, cachetools, cachebox, dictionaries.

A cache is made to be filled and a registry to be added to, so nobody looks unless asked; growth without end is proved
at the heap level, where it is named by the container.  Here one counts when it became larger than it ever was.  Looked
through are the values of the project's modules, of their classes and of these classes' instances; lists, sets and
deques too.
Cost: nothing while both kinds are off; else 0.2 µs for each, and one look through the project's modules when another
module was imported.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from ..frames import Origin
from ..origins import Acquisition, Owner
from ..statements import GROWS, Clue
from . import named
from .patches import Stands
from .probe import Book, Census, Key, Sight

CACHE = type(functools.lru_cache(lambda: None))
LIBRARIES = {"cachetools": "Cache", "cachebox": "BaseCacheImpl"}
"""Whose instances are caches, and the class that says so."""
CONTAINERS: tuple[type, ...] = (
    dict,
    list,
    set,
    deque,
    weakref.WeakKeyDictionary,
    weakref.WeakValueDictionary,
    weakref.WeakSet,
)
"""What has a length of its own; what only inherits from one may count as it likes."""
FILLS = GROWS | {"add", "appendleft", "extendleft", "setdefault", "update"}
CONTAINER = "grown container"


class Caches:
    """Caches and containers that the project's modules can name."""

    name = "filled cache"

    def __init__(self) -> None:
        self._things: dict[str, tuple[Any, Callable[[], int]]] = {}
        self._largest: dict[str, int] = {}
        self._modules = 0
        self._book: Book | None = None

    def start(self, book: Book, _: Stands) -> None:
        """Nothing is patched: the first look finds them."""
        self._book = book

    def stop(self) -> None:
        """Forget them."""
        self._things.clear()
        self._largest.clear()
        self._modules = 0

    def take(self) -> Census:
        """Each with the largest size that it has had."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            self._things = dict(_found())
        largest = self._largest
        for where, (_, size) in self._things.items():
            now = size()
            if now > largest.get(where, 0):
                largest[where] = now
        return frozenset((self.name, where, size) for where, size in largest.items())

    def describe(self, key: Key) -> Sight | None:
        """Name it and its size; a cache is known by its function, and what fills a container by its line."""
        where, size = str(key[1]), key[2]
        thing, _ = self._things.get(where, (None, len))
        if type(thing) not in CONTAINERS:
            return Sight(self.name, f"{where}, {size} entries", self._made(thing), thing)
        clue = Clue(where.rpartition(".")[2], None, FILLS, assigns=False)
        return Sight(CONTAINER, f"{where} ({type(thing).__name__}), {size} entries", None, thing, clue=clue)

    def forget(self, _: Owner) -> None:
        """Nothing to do: a size is kept for as long as the guard runs."""

    def _made(self, cache: Any) -> Acquisition | None:
        code = getattr(getattr(cache, "__wrapped__", None), "__code__", None) if type(cache) is CACHE else None
        if code is None or self._book is None:
            return None
        return Acquisition(self.name, "", Origin((code, 0)), self._book.current())


def _found() -> Iterator[tuple[str, tuple[Any, Callable[[], int]]]]:
    """What has a size, each under the first of its names."""
    seen: set[int] = set()
    for value, where in named.values(_has_a_size):
        if id(value) not in seen and not where.rpartition(".")[2].startswith("__"):
            seen.add(id(value))
            yield where, (value, functools.partial(_currently if type(value) is CACHE else len, value))


def _has_a_size(kind: type) -> bool:
    return kind is CACHE or kind in CONTAINERS or _is_librarys(kind)


def _currently(cache: Any) -> int:
    return int(cache.cache_info().currsize)


def _is_librarys(kind: type) -> bool:
    return any(LIBRARIES.get(each.__module__.partition(".")[0]) == each.__name__ for each in kind.__mro__)
