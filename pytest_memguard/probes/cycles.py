"""Objects of the project's classes that only the collector frees, because they refer to each other in a circle.

They are freed in the end, later than they might be, so nobody looks unless asked.  It is said by class, with the place
where the class begins.  Cost: nothing while the kind is off; else a collection of what came since the last test at each
look, 10 to 50 µs for a small one, and another to free what it found: what is found is saved once to be counted.
"""

from __future__ import annotations

import gc
import types
from collections import Counter
from itertools import count

from ..frames import Origin
from ..origins import Acquisition, Owner, Place, place_of
from .patches import Stands
from .probe import Book, Census, Key, Sight
from .quiet import quietly


class Cycles:
    """What collections have freed, by class."""

    name = "cyclic garbage"

    def __init__(self) -> None:
        self._book: Book | None = None
        self._number = count()
        self._found: dict[Key, Sight] = {}

    def start(self, book: Book, _: Stands) -> None:
        """Nothing is patched."""
        self._book = book

    def stop(self) -> None:
        """Forget what was found."""
        self._found.clear()

    def take(self) -> Census:
        """The classes whose objects a collection has just freed, and those that were found earlier in this turn."""
        for kind, number in _freed().items():
            words = f"of {number} {kind.__module__}.{kind.__qualname__} object{'s' if number != 1 else ''}"
            self._found[self.name, next(self._number)] = Sight(self.name, words, self._acquired(kind))
        return frozenset(self._found)

    def describe(self, key: Key) -> Sight | None:
        """Tell the class and how many of it."""
        return self._found.get(key)

    def forget(self, _: Owner) -> None:
        """What was found has been said."""
        self._found.clear()

    def _acquired(self, kind: type) -> Acquisition | None:
        functions = [each for each in vars(kind).values() if isinstance(each, types.FunctionType)]
        if self._book is None or not functions:
            return None
        code = min(functions, key=lambda each: each.__code__.co_firstlineno).__code__
        return Acquisition(self.name, "", Origin((code, 0)), self._book.current())


def _freed() -> dict[type, int]:
    """Collect, and count what was freed of the project's classes; nothing while somebody saves garbage himself."""
    flags = gc.get_debug()
    if flags & gc.DEBUG_SAVEALL or not gc.isenabled():
        return {}
    collect = getattr(gc.collect, "real", gc.collect)  # not the guard's own, which would thaw the heap
    kept = len(gc.garbage)
    gc.set_debug(flags | gc.DEBUG_SAVEALL)
    try:
        quietly(collect)
    finally:
        gc.set_debug(flags)
    counted: Counter[type] = Counter(type(thing) for thing in gc.garbage[kept:])
    del gc.garbage[kept:]
    if counted:
        quietly(collect)
    return {kind: number for kind, number in counted.items() if _is_projects(kind)}


def _is_projects(kind: type) -> bool:
    codes = [each.__code__.co_filename for each in vars(kind).values() if isinstance(each, types.FunctionType)]
    return any(place_of(file) is Place.PROJECT for file in codes)
