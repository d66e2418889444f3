"""Memory that Python's own count does not see: what the C library's allocator has handed out.

Large objects, extension modules and `ctypes` take theirs there.  Growth counts when each repetition adds the same;
nobody can say where it was allocated.  Needs glibc 2.33; elsewhere nothing is seen.  Cost: 2 µs a look.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

LEAST = 64 * 1024
"""Bytes a run below which nobody asks: pages, arenas and caches come in such sizes."""
WARM_UPS = 2
FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


@lru_cache(maxsize=1)
def _asker() -> Callable[[], Any] | None:
    import ctypes  # not in a run that never asks

    try:
        asker = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):  # another C library, or an older one
        return None
    fields = [(name, ctypes.c_size_t) for name in FIELDS]
    asker.restype = type("_Info", (ctypes.Structure,), {"_fields_": fields})
    return asker


def in_use() -> int:
    """Bytes that are handed out now; 0 where nobody can tell."""
    asker = _asker()
    if asker is None:
        return 0
    info = asker()
    return int(info.uordblks + info.hblkhd)


def grows(sizes: list[int]) -> int:
    """The bytes that each run adds, when each adds the same and enough; else 0.

    >>> grows([0, 100_000, 200_000, 300_000])
    100000
    >>> grows([0, 100_000, 100_000, 300_000])
    0
    """
    steps = [after - before for before, after in pairwise(sizes)]
    if not steps or min(steps) < LEAST or max(steps) - min(steps) > max(steps) // 10:
        return 0
    return steps[-1]


def prove(
    once: Callable[[], bool], collect: Callable[[], object], repeats: int, look: Callable[[], int] = in_use
) -> int:
    """Run a suspect again; the bytes that each run adds, or 0 at the first run that adds too little."""
    if not all(once() for _ in range(WARM_UPS)):
        return 0
    collect()
    sizes = [look()]
    for _ in range(repeats):
        if not once():
            return 0
        collect()
        sizes.append(look())
        if sizes[-1] - sizes[-2] < LEAST:
            return 0
    return grows(sizes)
