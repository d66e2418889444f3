"""Whether a test's heap grows each time it runs, and which container keeps what.

One comparison of before and after says nothing (a quarter of clean tests grow once); growth counts when it is
there in every measured run, in blocks and in objects, and by the same amount.  The caches of the standard
library are emptied before each look, as CPython's own leak hunt does, and two runs come first unmeasured.
Everything that is there before is frozen, so that a look takes microseconds at any size of the heap.  What the
collector does not follow (text and bytes in a dictionary) is told by the length of its container instead.
"""

from __future__ import annotations

import contextlib
import gc
import linecache
import re
import sys
import types
import typing
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from . import paths
from .allocations import Line, kept_by_line
from .containers import Lengths
from .heap import HeapMark

WARM_UPS = 2
"""Unmeasured repetitions of a suspect."""
MOST = 101
"""How many looks a tape has room for: one more than repetitions may be asked for."""
CANDIDATES = 8
"""For how many containers a chain is searched."""


@dataclass(frozen=True, slots=True)
class Size:
    """The heap at one moment, or how much it grew between two."""

    blocks: int
    objects: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What repetition proved: so much more each run, kept there."""

    runs: int
    """How many measured runs proved it."""
    blocks: int
    objects: int
    kinds: str = ""
    """What stays behind each run, by type."""
    held_by: str = ""
    """The chain from a module to the container that grows; empty when none was found."""
    place: str = ""
    """The container by the code that made it: the same for the same leak through another name."""
    size: int | None = None
    """Bytes a run, when somebody asked."""
    lines: tuple[Line, ...] = ()
    """The lines that allocate what stays, when they were asked for."""


@dataclass(frozen=True, slots=True)
class Unproved:
    """Growth that repetition could neither prove nor dismiss."""

    what: str
    reason: str


class Tape:
    """Sizes of the heap, one after the other, kept where they add nothing to the heap themselves."""

    def __init__(self, heap: HeapMark) -> None:
        self._heap = heap
        self._values = array("q", bytes(16 * MOST))
        self._at = 0

    def rewind(self) -> None:
        """Forget what was measured."""
        self._at = 0

    def look(self) -> None:
        """Count what came since the mark, after a collection."""
        self._heap.collect()
        self._values[self._at] = sys.getallocatedblocks()
        self._values[self._at + 1] = len(gc.get_objects())
        self._at += 2

    def sizes(self) -> list[Size]:
        """What was measured so far."""
        return [Size(self._values[at], self._values[at + 1]) for at in range(0, self._at, 2)]


def empty_caches() -> None:
    """Empty what the standard library keeps for speed."""
    sys._clear_internal_caches() if hasattr(sys, "_clear_internal_caches") else sys._clear_type_cache()
    for clean in getattr(typing, "_cleanups", ()):
        clean()
    re.purge()
    linecache.clearcache()
    sys.path_importer_cache.clear()
    for name, function in (("fnmatch", "_compile_pattern"), ("functools", "_c3_merge"), ("struct", "_clearcache")):
        clear = getattr(sys.modules.get(name), function, None)
        clear = getattr(clear, "cache_clear", clear if function == "_clearcache" else None)
        if callable(clear):
            clear()
    warnings = sys.modules.get("warnings")
    with contextlib.suppress(AttributeError):  # a private name
        warnings._filters_mutated()  # type: ignore[union-attr]


def steps_between(sizes: Sequence[Size]) -> list[Size]:
    """How much each run added."""
    return [Size(after.blocks - before.blocks, after.objects - before.objects) for before, after in pairwise(sizes)]


def grows(sizes: Sequence[Size]) -> bool:
    """Whether each run added blocks and objects.

    >>> grows([Size(at * 10, at) for at in range(5)])
    True
    >>> grows([Size(0, 0), Size(10, 1), Size(10, 1), Size(20, 2), Size(30, 3)])
    False
    """
    steps = steps_between(sizes)
    return bool(steps) and all(step.blocks >= 1 and step.objects >= 1 for step in steps)


def is_even(sizes: Sequence[Size]) -> bool:
    """Whether the last three runs added the same amount, to a tenth.

    >>> is_even([Size(at * 10, at) for at in range(5)])
    True
    >>> is_even([Size(0, 0), Size(10, 1), Size(50, 5), Size(60, 6)])
    False
    """
    last = steps_between(sizes)[-3:]
    return _even([step.blocks for step in last]) and _even([step.objects for step in last])


def _even(steps: Sequence[int]) -> bool:
    return max(steps) - min(steps) <= max(1, max(steps) // 10)


def prove(
    once: Callable[[], bool],
    heap: HeapMark,
    keepers: Keepers,
    repeats: int,
    *,
    weighs: bool = False,
    explains: bool = False,
) -> Growth | Unproved | None:
    """Run a suspect again until its growth is proved, or is not; None dismisses it, at the first run that adds nothing.

    `weighs` asks for bytes, `explains` for the lines that allocate what stays; either costs two more runs, traced.
    """
    heap.collect()
    heap.mark()
    if not all(once() for _ in range(WARM_UPS)):
        return Unproved("of a test that cannot be repeated", "it grew, and failed when it was run again")
    tape, lengths, unseen = Tape(heap), Lengths(), False
    thawed = bool(heap.noticed)  # by a test that uses the collector: then all of the heap is counted, each time
    empty_caches()
    lengths.begin()
    tape.look()
    for run in range(repeats):
        if not once():
            return Unproved("of a test that cannot be repeated", "it grew, and failed when it was run again")
        if bool(heap.noticed) is not thawed:
            return Unproved("of a test that uses the collector", "its runs cannot be compared")
        empty_caches()
        tape.look()
        if run == 0:
            unseen = not grows(tape.sizes())  # by the collector: then lengths have to tell
        if unseen:
            lengths.look()
            if not lengths.growing or tape.sizes()[-1].blocks <= tape.sizes()[-2].blocks:
                return None
        elif not grows(tape.sizes()[-2:]):
            return None
    sizes = tape.sizes()
    steps = steps_between(sizes)
    if unseen:
        growth = of_containers(repeats, steps[-1], lengths.growing)
    elif not is_even(sizes):
        return Unproved("by different amounts", f"it grew in each of {repeats} runs, but never by the same amount")
    else:
        growth = keepers.find(once, heap, Growth(repeats, steps[-1].blocks, steps[-1].objects))
    if weighs or explains:
        size, lines = kept_by_line(once, heap.collect)
        growth = replace(growth, size=size, lines=lines if explains else ())
    return growth


def of_containers(runs: int, step: Size, growing: dict[str, int]) -> Growth:
    """Growth of what the collector does not follow, proved by the length of what holds it."""
    name, more = next(iter(growing.items()))
    others = f", and {len(growing) - 1} other containers" if len(growing) > 1 else ""
    return Growth(runs, step.blocks, step.objects, f"{more} more in it{others}", name, name)


class Keepers:
    """The containers that are known to grow: where one leak shows in many tests, its chain is searched once."""

    def __init__(self) -> None:
        self._known: list[tuple[Any, paths.Chain]] = []

    def find(self, once: Callable[[], object], heap: HeapMark, growth: Growth) -> Growth:
        """Run twice more, see what of the first run outlives the second, and find the container that keeps it."""
        empty_caches()
        heap.collect()
        heap.mark()
        fresh = _after(once, heap)
        later = _after(once, heap)
        keeper, chain = self._holding(fresh, later) or self._search(fresh, later, heap)
        stays = _kept_by(keeper, fresh, later) if chain is not None else fresh
        kinds = Counter(_name(thing) for thing in stays)
        named = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(4))
        if chain is None:
            return replace(growth, kinds=named)
        return replace(growth, kinds=named, held_by=str(chain), place=chain.place)

    def _holding(self, fresh: list[Any], later: list[Any]) -> tuple[Any, paths.Chain] | None:
        return next((known for known in self._known if _kept_by(known[0], fresh, later)), None)

    def _search(self, fresh: list[Any], later: list[Any], heap: HeapMark) -> tuple[Any, paths.Chain | None]:
        """Of the old objects that refer to something young, the one with most, if a module leads to it."""
        heap.thaw("a search for what grows")
        inside = {id(thing) for thing in (*fresh, *later)}
        ours = {id(fresh), id(later), id(inside)}
        keepers = [
            (sum(id(child) in inside for child in gc.get_referents(thing)), thing)
            for thing in gc.get_referrers(*later, *fresh)
            if id(thing) not in inside | ours and type(thing) is not types.FrameType and not _is_ours(thing)
        ]
        for _, keeper in sorted(keepers, key=lambda pair: -pair[0])[:CANDIDATES]:
            chain = paths.back(keeper, paths.all_roots()) if _kept_by(keeper, fresh, later) else None
            if chain is not None:
                self._known.append((keeper, chain))
                return keeper, chain
        return None, None


def _after(once: Callable[[], object], heap: HeapMark) -> list[Any]:
    """What is young once a run has ended; nothing when the run has thawed the heap, for then everything is."""
    once()
    empty_caches()
    heap.collect()
    return [] if heap.noticed else [thing for thing in gc.get_objects() if not _is_ours(thing)]


def _kept_by(keeper: Any, fresh: list[Any], later: list[Any]) -> list[Any]:
    """Of what a run has made, that to which a container still leads when another run has ended, and has added to it.

    The rest is the harness's.  What a container makes once, or replaces in each run as a cache of the last answer does,
    is no growth of it.
    """
    first = {id(thing) for thing in fresh}
    left = {id(thing): thing for thing in (*fresh, *later)}
    stays: list[Any] = []
    added = False
    pending = [keeper]
    while pending:
        for child in gc.get_referents(pending.pop()):
            if left.pop(id(child), None) is not None:
                pending.append(child)
                if id(child) in first:
                    stays.append(child)
                else:
                    added = True
    return stays if added else []


def _is_ours(thing: Any) -> bool:
    return type(thing).__module__.startswith(("pytest_memguard.", "_pytest.", "pluggy."))


def _name(thing: Any) -> str:
    kind = type(thing)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
