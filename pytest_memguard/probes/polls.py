"""Selectors: who made each, and which were closed only by the collector.

`select.epoll` itself cannot be replaced without breaking `isinstance`, so its Python class is watched.
Cost: 2 µs a selector.
"""

from __future__ import annotations

import selectors
import sys
from collections.abc import Callable
from typing import Any

from ..origins import Owner
from .patches import Patches, Stands
from .probe import Book, Census, Key, Sight
from .watched import Register, Watched

NAMES = ("EpollSelector", "KqueueSelector", "DevpollSelector")
"""Those that hold a descriptor of their own."""


class Polls:
    """Selectors; the descriptor probe says which are open, this one whose they are and which were dropped."""

    name = "epoll"

    def __init__(self) -> None:
        self._patches = Patches()
        self._live = Register(self._gone)
        self._book: Book | None = None

    def start(self, book: Book, _: Stands) -> None:
        """Patch the constructors and `close`."""
        self._book = book
        for name in NAMES:
            kind = getattr(selectors, name, None)
            if kind is not None:
                self._patches.put(kind, "__init__", self._made(kind.__init__))
                self._patches.put(kind, "close", self._closed(kind.close))

    def stop(self) -> None:
        """Put them back."""
        self._patches.undo()
        self._live.clear()

    def take(self) -> Census:
        """Nothing of its own: an open selector is an open descriptor."""
        return frozenset()

    def describe(self, key: Key) -> Sight | None:
        """Never asked."""
        raise LookupError(key)

    def forget(self, ended: Owner) -> None:
        """Nothing to do: the records go with the selectors."""

    def at(self, number: int, _: str) -> Sight | None:
        """The selector that has a descriptor."""
        for thing, ref in self._live:
            if thing.fileno() == number:
                return Sight(self.name, f"descriptor {number} of {type(thing).__name__}", ref.acquired, thing)
        return None

    def _gone(self, ref: Watched) -> None:
        assert self._book is not None
        self._book.drop(ref.acquired)

    def _made(self, real: Callable[..., None]) -> Callable[..., None]:
        def __init__(selector: Any, *arguments: Any, **named: Any) -> None:
            real(selector, *arguments, **named)
            assert self._book is not None
            self._live.add(selector, self._book.enter(self.name, type(selector).__name__, sys._getframe(1)))

        return __init__

    def _closed(self, real: Callable[..., None]) -> Callable[..., None]:
        def close(selector: Any) -> None:
            self._live.remove(selector)
            real(selector)

        return close
