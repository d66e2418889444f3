"""Objects that the collector found and could not free: they stay in `gc.garbage` for good.

Only C code with finalizers of the old kind makes them.  Cost: the length of a list.
"""

from __future__ import annotations

import gc

from ..origins import Owner
from .patches import Stands
from .probe import Book, Census, Key, Sight


class Garbage:
    """What is in `gc.garbage`."""

    name = "uncollectable object"

    def start(self, _: Book, __: Stands) -> None:
        """Nothing is patched."""

    def stop(self) -> None:
        """Nothing is kept."""

    def take(self) -> Census:
        """The objects that cannot be freed; none while somebody has the collector save all that it finds."""
        if not gc.garbage or gc.get_debug() & gc.DEBUG_SAVEALL:
            return frozenset()
        return frozenset((self.name, id(thing)) for thing in gc.garbage)

    def describe(self, key: Key) -> Sight | None:
        """Name its type."""
        thing = next((each for each in gc.garbage if id(each) == key[1]), None)
        return Sight(self.name, f"of {type(thing).__name__}", None, thing)

    def forget(self, _: Owner) -> None:
        """Nothing is kept."""
