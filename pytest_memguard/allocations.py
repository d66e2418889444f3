"""What a run leaves on the heap, by the line that allocated it.

`tracemalloc` costs 9 to 17 times the run, so it is on for two runs of a test whose growth is proved, and for nothing
else.  One that somebody else has switched on is used and left on.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .origins import Place, place_of

if TYPE_CHECKING:
    import tracemalloc

DEPTH = 16
"""How many frames are kept: enough to get from a library to the line of the project that called it."""
SHOWN = 5
"""How many lines are told of."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and what it allocated in one run that is still there after it."""

    file: str
    line: int
    size: int
    """In bytes."""
    blocks: int


@contextlib.contextmanager
def measured(limit: int) -> Iterator[list[int]]:
    """Tell the bytes that a block needs at its highest, as the one entry of a list; 0 without a limit.

    Nothing is measured while somebody else does.
    """
    peak = [0]
    if not limit:
        yield peak
        return
    import tracemalloc

    if tracemalloc.is_tracing():
        yield peak
        return
    tracemalloc.start()
    try:
        yield peak
    finally:
        peak[0] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


def kept_by_line(run: Callable[[], object], collect: Callable[[], object]) -> tuple[int, tuple[Line, ...]]:
    """Run twice, and say how many bytes the second run left, and by which lines, the largest first."""
    import tracemalloc  # and pickle with it: not in a run that never asks

    mine = not tracemalloc.is_tracing()
    if mine:
        tracemalloc.start(DEPTH)
    try:
        run()
        collect()
        before = tracemalloc.take_snapshot()
        size = tracemalloc.get_traced_memory()[0]
        run()
        collect()
        size = tracemalloc.get_traced_memory()[0] - size
        after = tracemalloc.take_snapshot()
    finally:
        if mine:
            tracemalloc.stop()
    return max(size, 0), _lines(after.compare_to(before, "traceback"))


def _lines(differences: list[tracemalloc.StatisticDiff]) -> tuple[Line, ...]:
    sums: dict[tuple[str, int], tuple[int, int]] = {}
    for each in differences:
        place = _where(each.traceback)
        if place is not None and each.size_diff > 0:
            size, blocks = sums.get(place, (0, 0))
            sums[place] = size + each.size_diff, blocks + each.count_diff
    lines = [Line(file, line, size, blocks) for (file, line), (size, blocks) in sums.items()]
    return tuple(sorted(lines, key=lambda line: (-line.size, line.file, line.line))[:SHOWN])


def _where(traceback: tracemalloc.Traceback) -> tuple[str, int] | None:
    """The innermost line of the project, else of a library; None for what the harness keeps for itself."""
    library = None
    for frame in reversed(traceback):
        place = place_of(os.path.abspath(frame.filename) if not frame.filename.startswith("<") else frame.filename)
        if place is Place.PROJECT:
            return frame.filename, frame.lineno
        if place is Place.HARNESS:
            return library
        if place is Place.LIBRARY and library is None:
            library = frame.filename, frame.lineno
    return library
