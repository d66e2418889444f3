"""Objects that ought to be closed, followed weakly until they are."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

from ..origins import Acquisition


class Watched(weakref.ref[Any]):
    """A weak reference that knows who acquired its object."""

    __slots__ = ("acquired", "extra", "key")
    acquired: Acquisition
    key: int
    extra: Any


class Register:
    """Live objects of one kind, by identity; `gone` is called for one that is freed while it is still here."""

    def __init__(self, gone: Callable[[Watched], object]) -> None:
        self._live: dict[int, Watched] = {}
        self._gone = gone

    def add(self, thing: Any, acquired: Acquisition, extra: Any = None) -> None:
        """Follow an object."""
        ref = Watched(thing, self._freed)
        ref.acquired, ref.key, ref.extra = acquired, id(thing), extra
        self._live[id(thing)] = ref

    def remove(self, thing: Any) -> Watched | None:
        """Stop following an object that was closed as it should be."""
        ref = self._live.get(id(thing))
        if ref is None or ref() is not thing:
            return None
        return self._live.pop(id(thing))

    def find(self, thing: Any) -> Acquisition | None:
        """Who acquired a live object."""
        ref = self._live.get(id(thing))
        return ref.acquired if ref is not None and ref() is thing else None

    def get(self, key: int) -> Watched | None:
        """The reference with an identity, as `__iter__` gave it."""
        return self._live.get(key)

    def __iter__(self) -> Iterator[tuple[Any, Watched]]:
        for ref in list(self._live.values()):  # a tuple is made while it iterates, and a collection then may free one
            thing = ref()
            if thing is not None:
                yield thing, ref

    def __len__(self) -> int:
        return len(self._live)

    def clear(self) -> None:
        """Follow nothing any more."""
        self._live.clear()

    def _freed(self, ref: weakref.ref[Any]) -> None:
        assert isinstance(ref, Watched)
        if self._live.get(ref.key) is ref:
            del self._live[ref.key]
            self._gone(ref)
