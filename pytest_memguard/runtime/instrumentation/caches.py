"""Adapters for caches.

What can be overridden is watched entry by entry.  `functools.lru_cache` and cachebox are written in C and
Rust and tell nothing: such a cache counts as one lease for as long as it has entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..lease import BaseLease
from .ledger import Instrumentation


def cachetools_cache(cache: Any, name: str | None) -> Instrumentation:
    """A cachetools cache: each entry is outstanding until it is evicted, expired or deleted."""
    watched = Instrumentation(cache, "cache entry", name)

    def set_item(original: Any, _: Any, key: Any, value: Any) -> None:
        original(key, value)
        if key in cache:  # it was not too large to be kept
            watched.begin(key)

    def delete_item(original: Any, _: Any, key: Any, *args: Any, **kwargs: Any) -> None:
        original(key, *args, **kwargs)
        watched.end(key)

    def clear(original: Any, _: Any) -> None:
        keys = list(cache)
        original()
        for key in keys:
            watched.end(key)

    watched.override(cache, __setitem__=set_item, __delitem__=delete_item, clear=clear)
    return watched


class Filled(Instrumentation):
    """A cache that can only be asked for its size: one lease from the first look that finds entries in it."""

    def __init__(self, cache: Any, name: str | None, size: Callable[[], int]) -> None:
        super().__init__(cache, "filled cache", name)
        self._size = size
        self.on_undo(lambda: None)

    def outstanding(self) -> Iterable[BaseLease[Any]]:
        """One lease while there are entries, begun where the instrumentation was made."""
        if self._undo and self._size():
            self.begin("entries")
        else:
            self.end("entries")
        return super().outstanding()


def lru_cache(function: Any, name: str | None) -> Instrumentation:
    """A function under `functools.lru_cache` or `functools.cache`."""
    watched = Filled(function, name, lambda: int(function.cache_info().currsize))
    watched.label = f"lru_cache {(name or function.__qualname__)!r}"
    return watched


def cachebox_cache(cache: Any, name: str | None) -> Instrumentation:
    """A cachebox cache."""
    return Filled(cache, name, lambda: len(cache))
