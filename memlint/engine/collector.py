"""The garbage collector while files are checked: told when, not left to guess.

Parsing makes objects by the hundred thousand and keeps most of them for a moment only.  Left alone, the collector
walks all of them again and again: on the standard library it costs more than the parsing itself.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator

from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeVar

    A = TypeVar("A")
    B = TypeVar("B")


EVERY = 2000
"""Files between two collections.  What a file leaves behind goes by reference counts; this is for what does not."""


def collecting_between(work: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """``map(work, items)``, with one collection every few items and none in between.

    The collector is left as it was found, also when ``work`` raises or the iteration is given up.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        for count, item in enumerate(items, 1):
            yield work(item)
            if count % EVERY == 0:
                gc.collect()
    finally:
        if was_on:
            gc.enable()
