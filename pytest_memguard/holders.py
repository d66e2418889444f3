"""Who keeps a thing right now, where no module does: the frames of threads, what waits in tasks, signal handlers.

A thread or a task keeps itself; of those it is told where they stand.

The values of a frame are read by name, as a debugger reads them; nothing of theirs is called.
"""

from __future__ import annotations

import signal
import sys
import threading
import types
from collections.abc import Iterator
from types import FrameType
from typing import Any

from . import paths
from .origins import Place, place_of, shown

LIMIT = 20_000
"""How many objects the search looks at: 10 to 20 ms, only for what is reported."""


def held_now(target: object) -> str:
    """Say which thread or task keeps an object, at which line and by which name; "" when none is found."""
    return paths.chain(dict(_places()), target, LIMIT)


def stands_at(thing: object) -> str:
    """Say at which line a thread or a task stands, the project's innermost or a library's; "" for anything else."""
    frames: list[FrameType] = []
    if isinstance(thing, threading.Thread):
        frame = sys._current_frames().get(thing.ident or 0)
        while frame is not None:
            frames.append(frame)
            frame = frame.f_back
    elif callable(getattr(type(thing), "get_stack", None)) and callable(getattr(type(thing), "get_coro", None)):
        frames = thing.get_stack()[::-1]  # type: ignore[attr-defined]  # a task
    by_place = {place_of(each.f_code.co_filename): each for each in reversed(frames)}
    chosen = by_place.get(Place.PROJECT) or by_place.get(Place.LIBRARY) or (frames[0] if frames else None)
    return _name(chosen) if chosen is not None else ""


def _places() -> Iterator[tuple[str, dict[str, Any]]]:
    """The local values of every function that runs or waits, by a name for the place."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        who = "" if ident == threading.get_ident() else f"thread {names.get(ident, str(ident))!r} at "
        yield from _stack(who, frame)
    yield "signal handlers:", dict(_handlers())
    tasks = sys.modules.get("asyncio.tasks")
    for task in list(getattr(tasks, "_all_tasks", ())) or _scheduled(tasks):
        if not task.done():
            for frame in task.get_stack(limit=8):
                yield from _frame(f"task {task.get_name()!r} at ", frame)


def _handlers() -> Iterator[tuple[str, Any]]:
    """What is called for each signal, where that is Python code."""
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if handler is not None and not isinstance(handler, int | types.BuiltinFunctionType):
            yield getattr(number, "name", str(number)), handler  # those of real time have none


def _scheduled(tasks: Any) -> list[Any]:
    """The tasks of this process where asyncio calls its set by its newer name."""
    return list(getattr(tasks, "_scheduled_tasks", ()))


def _stack(who: str, frame: FrameType | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The frames of a thread, those of the test harness and of this package left out."""
    while frame is not None:
        yield from _frame(who, frame)
        frame = frame.f_back


def _frame(who: str, frame: FrameType) -> Iterator[tuple[str, dict[str, Any]]]:
    code = frame.f_code
    if code.co_name != "<module>" and place_of(code.co_filename) is not Place.HARNESS:
        yield f"{who}{_name(frame)}:", dict(frame.f_locals)


def _name(frame: FrameType) -> str:
    return f"{shown(frame.f_code.co_filename)}:{frame.f_lineno} in {frame.f_code.co_name}"
