"""Look again until it is quiet: what is about to end by itself is not left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TypeVar

SHORTEST = 1e-6
LONGEST = 0.1
"""Seconds of the first and the longest pause: each is twice the one before, as goleak does."""

C = TypeVar("C", bound=Collection[object])


def settle(
    look: Callable[[], C],
    budget: float = 1.0,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> C:
    """Return what `look` still sees once it sees nothing, or after `budget` seconds.

    A first look that sees nothing costs nothing more.
    """
    seen = look()
    pause, end = SHORTEST, clock() + budget
    while seen and clock() < end:
        sleep(min(pause, max(end - clock(), 0.0)))
        pause = min(pause * 2, LONGEST)
        seen = look()
    return seen
