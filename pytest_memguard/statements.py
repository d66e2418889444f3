"""Which line made a change that nothing tells of: the only one of the code within reach that can.

A list, an attribute and a lock tell nobody who changed them.  But the code is there: of the project's functions, those
are looked through that a test can reach by the names that it uses, and the names that those use, and so on.  One line
that does such a thing is the line; of several none is named.  Costs nothing until a finding has no line, then 20 to 100
ms for a look through every function that lives.
"""

from __future__ import annotations

import dis
import gc
import sys
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .frames import Positions
from .origins import Place, place_of

GROWS = frozenset({"append", "insert", "extend", "addsitedir"})
SHRINKS = frozenset({"remove", "pop", "clear"})
TAKES = frozenset({"acquire", "__enter__", "__aenter__", "enter_context", "enter_async_context"})
"""What is called for a list to grow, to shrink, and for a lock to be taken."""
WRITES = frozenset({"STORE_SUBSCR", "STORE_SLICE", "DELETE_SUBSCR"})
LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_FAST", "LOAD_ATTR", "LOAD_METHOD"})


@dataclass(frozen=True, slots=True)
class Clue:
    """What the line does that is looked for."""

    name: str
    """What is changed, by its last name: `path`, `excepthook`, `_lock`."""
    holder: types.ModuleType | None = None
    """The module that has it; None for an attribute of whatever it may be."""
    calls: frozenset[str] = frozenset()
    """The methods that make such a change."""
    writes: bool = True
    """Whether one to an entry of it does, or `+=`."""
    assigns: bool = True
    """Whether an assignment of it does."""
    value: Any = None
    """What stands there now: of several lines, the one that names it."""


@dataclass(frozen=True, slots=True)
class _Line:
    code: types.CodeType
    names: dict[str, Any]
    """The globals of its function."""
    steps: tuple[dis.Instruction, ...]

    def does(self, clue: Clue) -> bool:
        """Whether the line makes such a change."""
        if "addsitedir" in clue.calls and any(step.argval == "addsitedir" for step in self.steps):
            return True
        if not any(
            self._is_it(before, step, clue) for before, step in zip((None, *self.steps), self.steps, strict=False)
        ):
            return clue.assigns and self._sets_by_name(clue)
        words = {step.argval for step in self.steps if isinstance(step.argval, str)}
        written = any(step.opname in WRITES or step.argrepr == "+=" for step in self.steps)
        stored = any(step.opname == "STORE_ATTR" and step.argval == clue.name for step in self.steps)
        return bool(words & clue.calls) or (clue.writes and written) or (clue.assigns and stored)

    def mentions(self, value: Any) -> bool:
        """Whether it makes or loads this very function."""
        code = getattr(value, "__code__", None)
        return any(
            (code is not None and step.argval is code)
            or (step.opname in LOADS and self._resolved(step.argval) is value)
            for step in self.steps
        )

    def _is_it(self, before: dis.Instruction | None, step: dis.Instruction, clue: Clue) -> bool:
        if step.argval != clue.name or not (step.opname in LOADS or step.opname == "STORE_ATTR"):
            return False
        if clue.holder is None:
            return True
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR"):
            return before is not None and self._is_holder(before, clue.holder)
        return self._resolved(clue.name) is getattr(clue.holder, clue.name)

    def _is_holder(self, step: dis.Instruction, holder: types.ModuleType) -> bool:
        if step.opname not in LOADS or not isinstance(step.argval, str):
            return False
        return self._resolved(step.argval) is holder or step.argval == holder.__name__

    def _sets_by_name(self, clue: Clue) -> bool:
        words = {step.argval for step in self.steps if isinstance(step.argval, str)}
        held = clue.holder is None or any(self._is_holder(step, clue.holder) for step in self.steps)
        return held and {"setattr", clue.name} <= words

    def _resolved(self, name: object) -> Any:
        return self.names.get(name) if isinstance(name, str) else None


def only_line(clue: Clue, begins: Iterable[object]) -> Positions:
    """The one line that makes such a change; () where there are none or several, even of those within reach.

    `begins` are the functions where a test begins.  The heap must be thawed.
    """
    frames = list(_frames())
    functions = list(_functions(frames))
    found = [line for function in functions for line in _lines(function) if line.does(clue)]
    if len(found) > 1:
        reached = {id(code) for code in _reached(functions, (*begins, *(frame.f_code for frame in frames)))}
        found = [line for line in found if id(line.code) in reached] or found
    if len(found) > 1 and clue.value is not None:
        found = [line for line in found if line.mentions(clue.value)]
    return (found[0].code, found[0].steps[0].offset) if len(found) == 1 else ()


def _frames() -> list[types.FrameType]:
    """The project's functions that run just now: a watched block is in the middle of one, or of a script."""
    frames = []
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        if place_of(frame.f_code.co_filename) is Place.PROJECT:
            frames.append(frame)
        frame = frame.f_back
    return frames


def _functions(frames: Iterable[types.FrameType]) -> Iterator[tuple[types.CodeType, dict[str, Any]]]:
    """The code of the project's functions with what they see as globals, nested ones too, each once."""
    live = [(frame.f_code, frame.f_globals) for frame in frames]
    live += [(each.__code__, each.__globals__) for each in gc.get_objects() if type(each) is types.FunctionType]
    seen: set[int] = set()
    for outer, names in live:
        if place_of(outer.co_filename) is Place.PROJECT:
            for code in _nested(outer):
                if id(code) not in seen:
                    seen.add(id(code))
                    yield code, names


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _nested(each)


def _lines(function: tuple[types.CodeType, dict[str, Any]]) -> Iterator[_Line]:
    code, names = function
    steps = (step for step in dis.get_instructions(code) if step.opname not in ("CACHE", "PUSH_NULL", "PRECALL"))
    for _, group in groupby(steps, key=lambda step: step.positions.lineno if step.positions else None):
        yield _Line(code, names, tuple(group))


def _reached(
    functions: list[tuple[types.CodeType, dict[str, Any]]], begins: Iterable[object]
) -> Iterator[types.CodeType]:
    """What can be called from there, by name: every name and every text that code uses may be a function's."""
    by_name: dict[str, list[types.CodeType]] = {}
    for code, _ in functions:
        by_name.setdefault(code.co_name, []).append(code)
    pending = [code for begin in begins for code in _codes(begin)]
    pending += [code for name, codes in by_name.items() if name.startswith("__") for code in codes]
    seen: set[int] = set()
    while pending:
        for code in _nested(pending.pop()):
            if id(code) in seen:
                continue
            seen.add(id(code))
            yield code
            words = (*code.co_names, *(each for each in code.co_consts if isinstance(each, str)))
            pending += [each for word in words for each in by_name.pop(word, ())]


def own_code(begins: Iterable[object]) -> set[types.CodeType]:
    """The code of functions themselves, with what is nested in it: nothing that they call."""
    return {code for begin in begins for outer in _codes(begin) for code in _nested(outer)}


def _codes(thing: object) -> Iterator[types.CodeType]:
    """The code of a function, through what wraps it."""
    if isinstance(thing, types.CodeType):
        yield thing
    while thing is not None:
        function = getattr(thing, "__func__", thing)
        if isinstance(function, types.FunctionType):
            yield function.__code__
        thing = function.__dict__.get("__wrapped__") if isinstance(function, types.FunctionType) else None
