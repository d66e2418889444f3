"""Whether a test's heap grows each time it runs, and which container keeps what.

One comparison of before and after says nothing (a quarter of clean tests grow once); growth counts when it is
there in every measured run, in blocks and in objects, and by the same amount.  The caches of the standard
library are emptied before each look, as CPython's own leak hunt does, and two runs come first unmeasured.
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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from . import paths

WARM_UPS = 2
RUNS = 4
"""Unmeasured and measured repetitions of a suspect."""
LIMIT = 2_000_000
"""How many objects the search for a container may look at: seconds, once a leak."""


@dataclass(frozen=True, slots=True)
class Size:
    """The heap at one moment."""

    blocks: int
    objects: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What repetition proved: so much more each run, kept there."""

    blocks: int
    objects: int
    kinds: str
    """What stays behind each run, by type."""
    held_by: str
    """The chain from a module to the container that grows; empty when none was found."""


class Tape:
    """Sizes of the heap, one after the other, kept where they add nothing to the heap themselves."""

    def __init__(self, length: int) -> None:
        self._values = array("q", bytes(16 * length))
        self._at = 0

    def measure(self) -> None:
        """Count the heap as it is after a collection with emptied caches."""
        empty_caches()
        gc.collect()
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


def grows(sizes: Sequence[Size]) -> bool:
    """Whether each run added blocks and objects, the last three by the same amount (to a tenth).

    >>> grows([Size(at * 10, at) for at in range(5)])
    True
    >>> grows([Size(0, 0), Size(10, 1), Size(10, 1), Size(20, 2), Size(30, 3)])
    False
    """
    steps = [(after.blocks - before.blocks, after.objects - before.objects) for before, after in pairwise(sizes)]
    if not steps or min(min(step) for step in steps) < 1:
        return False
    return all(_even([step[which] for step in steps[-3:]]) for which in (0, 1))


def _even(steps: Sequence[int]) -> bool:
    return max(steps) - min(steps) <= max(1, max(steps) // 10)


def explain(run: Callable[[], object], step: Size) -> Growth:
    """Run once more, and find what stays and which container keeps it."""
    empty_caches()
    gc.collect()
    old = {id(thing) for thing in gc.get_objects()}
    run()
    empty_caches()
    gc.collect()
    everything = gc.get_objects()
    fresh = [thing for thing in everything if id(thing) not in old and not _is_ours(thing)]
    kinds = Counter(_name(thing) for thing in fresh)
    keepers = _keepers(everything, {id(thing) for thing in fresh}, old)
    held_by = ""
    for keeper in keepers:
        held_by = paths.chain(_modules(), keeper, LIMIT)
        if held_by:
            break
    named = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(4))
    return Growth(step.blocks, step.objects, named, held_by)


def _keepers(everything: Iterable[Any], fresh: set[int], old: set[int]) -> list[Any]:
    """The old objects that refer to something fresh, those with fewest others first: containers that grew."""
    found = []
    for thing in everything:
        if id(thing) in old and not isinstance(thing, types.FrameType) and not _is_ours(thing):
            inside = sum(id(child) in fresh for child in gc.get_referents(thing))
            if inside:
                found.append((inside, thing))
    return [thing for _, thing in sorted(found, key=lambda pair: -pair[0])]


def _modules() -> dict[str, Any]:
    return {
        name: vars(module)
        for name, module in list(sys.modules.items())
        if type(module) is types.ModuleType and not name.startswith(("_pytest", "pytest", "pluggy"))
    }


def _is_ours(thing: Any) -> bool:
    return type(thing).__module__.startswith(("pytest_memguard.", "_pytest.", "pluggy."))


def _name(thing: Any) -> str:
    kind = type(thing)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
