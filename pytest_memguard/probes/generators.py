"""Generators, async ones too, that are alive and wait inside a `with` or a `try ... finally` of the project's code.

What they hold is a finding of its own; this says where it waits.  Only reported: a suite may keep one on purpose.
What a full collection moves to the oldest generation is noted as it begins: a test that collects has the whole
heap there, and a look through that costs as much as its own collection.
Cost: nothing in a test that acquires nothing; else one look through what the test made, 20 to 60 µs.
"""

from __future__ import annotations

import dis
import functools
import gc
import types
import weakref
from typing import Any

from ..frames import Origin
from ..origins import Acquisition, Owner, Place, place_of
from .patches import Stands
from .probe import Book, Census, Key, Sight


class Generators:
    """Suspended generators with something pending."""

    name = "generator"

    def __init__(self) -> None:
        self._book: Book | None = None
        self._seen = -1
        self._found: dict[Key, Any] = {}
        self._moved: list[weakref.ref[Any]] = []
        """Those that a full collection has moved among everything else."""

    def start(self, book: Book, _: Stands) -> None:
        """Be told of collections."""
        self._book = book
        gc.callbacks.append(self._collecting)

    def stop(self) -> None:
        """Forget them."""
        if self._collecting in gc.callbacks:
            gc.callbacks.remove(self._collecting)
        self._found.clear()
        self._moved.clear()
        self._seen = -1

    def take(self) -> Census:
        """Those that wait now; looked for again only when something has been acquired since."""
        if self._book is None or (self._book.entered == self._seen and not self._found):
            return frozenset()
        if self._book.entered != self._seen:
            self._seen = self._book.entered
            moved = [thing for ref in self._moved if (thing := ref()) is not None]
            for thing in (*_young(), *moved):
                if _is_pending(thing):
                    self._found[self.name, id(thing)] = thing
        self._found = {key: thing for key, thing in self._found.items() if _frame(thing) is not None}
        return frozenset(self._found)

    def describe(self, key: Key) -> Sight | None:
        """Tell where it waits."""
        thing = self._found.get(key)
        frame = _frame(thing)
        if frame is None or self._book is None or _is_fixtures(thing):
            return None
        kind = "generator" if isinstance(thing, types.GeneratorType) else "async generator"
        origin = Origin((frame.f_code, frame.f_lasti))
        return Sight(kind, f"{frame.f_code.co_qualname}()", Acquisition(kind, "", origin, self._book.current()), thing)

    def forget(self, _: Owner) -> None:
        """Keep none alive: what was told is told."""
        self._found.clear()
        self._moved.clear()

    def _collecting(self, phase: str, about: dict[str, int]) -> None:
        if phase == "start" and about["generation"] == 2:  # the ended ones go, or the guard itself would grow
            self._moved = [*(ref for ref in self._moved if ref() is not None), *map(weakref.ref, _young())]


KINDS = (types.GeneratorType, types.AsyncGeneratorType)


def _young() -> list[Any]:
    """The generators that came since the mark and no full collection has seen."""
    return [thing for age in (0, 1) for thing in gc.get_objects(age) if type(thing) in KINDS]


def _frame(thing: Any) -> types.FrameType | None:
    """Where a suspended generator stands; None when it is over, runs or has not begun."""
    if isinstance(thing, types.GeneratorType):
        frame, running = thing.gi_frame, thing.gi_running
    elif isinstance(thing, types.AsyncGeneratorType):
        frame, running = thing.ag_frame, thing.ag_running
    else:
        return None
    return None if running else frame


def _is_pending(thing: Any) -> bool:
    frame = _frame(thing)
    if frame is None or place_of(frame.f_code.co_filename) is not Place.PROJECT:
        return False
    return frame.f_lasti >= 0 and _is_guarded(frame.f_code, frame.f_lasti)


@functools.lru_cache(maxsize=1024)
def _is_guarded(code: types.CodeType, offset: int) -> bool:
    """Whether a handler of the function's own waits for what happens at an instruction.

    Since Python 3.12 there is one around the body of every generator, which does not count, and one around every
    `yield from`, behind which the next one out is asked.
    """
    seen: set[int] = set()
    entries = dis._parse_exception_table(code)  # type: ignore[attr-defined]
    names = {each.offset: each.opname for each in dis.get_instructions(code)}
    while True:
        target = next((entry.target for entry in entries if entry.start <= offset < entry.end), None)
        if target is None or target in seen:
            return False
        seen.add(target)
        name = names.get(target)
        if name != "CLEANUP_THROW":
            return name != "CALL_INTRINSIC_1"
        offset = target


def _is_fixtures(thing: Any) -> bool:
    """Whether pytest waits to go on with it, at the tear-down of a fixture."""
    kept_by = gc.get_referrers(thing)
    return any(type(each) is functools.partial and each.func.__module__.startswith("_pytest") for each in kept_by)
