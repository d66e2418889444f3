"""asyncio: loops left open, and tasks that nobody awaited or cancelled.

A task that is still blocked when `asyncio.run` closes its loop is cancelled by that shutdown and by nobody
else; one that is freed while pending was forgotten.  Cost: nothing until asyncio is imported; 2 µs a task.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

from ..origins import Owner
from .patches import Patches, Stands
from .probe import Book, Census, Key, Sight
from .watched import Register, Watched

DESTROYED = "Task was destroyed but it is pending!"
AT_SHUTDOWN = "cancelled only by the shutdown of its loop"
RUNNERS = ("asyncio/runners.py", "asyncio/base_events.py")
FREED = "freed while still pending"
MARK = "_memguard_acquired"
"""Kept on the object itself: when the collector runs a finalizer, weak references are gone already."""


class Loops:
    """Event loops and their tasks."""

    name = "loop"

    def __init__(self) -> None:
        self._patches = Patches()
        self._loops = Register(_freed)
        self._tasks = Register(_freed)
        self._book: Book | None = None
        self._found = False

    def start(self, book: Book, _: Stands) -> None:
        """Patch asyncio when it is there; `take` looks again."""
        self._book = book
        self._find()

    def stop(self) -> None:
        """Put asyncio back."""
        self._patches.undo()
        self._loops.clear()
        self._tasks.clear()
        self._found = False

    def take(self) -> Census:
        """The loops that are not closed, and the unfinished tasks of those that are not running."""
        self._find()
        if not self._found:
            return frozenset()
        loops = {(self.name, id(loop)) for loop, _ in self._loops if not loop.is_closed()}
        tasks = {("task", id(task)) for task, _ in self._tasks if self._is_left(task)}
        return frozenset(loops | tasks)

    def every(self) -> list[Any]:
        """All loops that there are."""
        return [loop for loop, _ in self._loops]

    def describe(self, key: Key) -> Sight | None:
        """Tell about a loop or a task."""
        register = self._loops if key[0] == self.name else self._tasks
        for thing, ref in register:
            if id(thing) == key[1]:
                if register is self._loops:
                    return Sight("event loop", f"{type(thing).__name__}, never closed", ref.acquired, thing)
                return Sight("asyncio task", _label(thing), ref.acquired, thing)
        return None

    def forget(self, ended: Owner) -> None:
        """Nothing to do: the records go with loops and tasks."""

    def _is_left(self, task: Any) -> bool:
        if task.done():
            return False
        loop = task.get_loop()
        return not loop.is_closed() and not loop.is_running() and is_stuck(task)

    def _find(self) -> None:
        module = sys.modules.get("asyncio.base_events")
        runners = sys.modules.get("asyncio.runners")
        if self._found or module is None or not hasattr(module, "BaseEventLoop") or runners is None:
            return
        if not hasattr(runners, "_cancel_all_tasks"):  # asyncio is being imported just now
            return
        self._found = True
        kind = module.BaseEventLoop
        self._patches.put(kind, "__init__", self._made(kind.__init__))
        self._patches.put(kind, "__del__", self._dropped(kind.__del__))
        self._patches.put(kind, "create_task", self._created(kind.create_task))
        self._patches.put(kind, "call_exception_handler", self._told(kind.call_exception_handler))
        self._patches.put(runners, "_cancel_all_tasks", self._cancelled(runners._cancel_all_tasks))

    def _made(self, real: Callable[..., None]) -> Callable[..., None]:
        def __init__(loop: Any, *arguments: Any, **named: Any) -> None:
            real(loop, *arguments, **named)
            assert self._book is not None
            acquired = self._book.enter("event loop", type(loop).__name__, sys._getframe(1))
            setattr(loop, MARK, acquired)
            self._loops.add(loop, acquired)

        return __init__

    def _dropped(self, real: Callable[..., None]) -> Callable[..., None]:
        def __del__(loop: Any, *arguments: Any, **named: Any) -> None:
            if not loop.is_closed() and self._book is not None:
                acquired = getattr(loop, MARK, None)
                if acquired is not None:
                    self._book.drop(acquired)
            real(loop, *arguments, **named)

        return __del__

    def _created(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def create_task(loop: Any, coro: Any, **named: Any) -> Any:
            task = real(loop, coro, **named)
            assert self._book is not None
            acquired = self._book.enter("asyncio task", "", sys._getframe(1))
            with contextlib.suppress(AttributeError):  # a task of another make may have no room for it
                setattr(task, MARK, acquired)
            self._tasks.add(task, acquired)
            return task

        create_task.__doc__ = real.__doc__
        create_task.__wrapped__ = real  # type: ignore[attr-defined]
        return create_task

    def _told(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call_exception_handler(loop: Any, context: Any) -> None:
            if context.get("message") == DESTROYED and self._book is not None:
                acquired = getattr(context.get("task"), MARK, None)
                if acquired is not None:
                    self._book.drop(acquired, _label(context["task"]), FREED)
            real(loop, context)

        return call_exception_handler

    def _cancelled(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def _cancel_all_tasks(loop: Any) -> None:
            left = [(task, ref) for task, ref in self._tasks if not task.done() and task.get_loop() is loop]
            # an exception that stops the loop itself stops its main task too: then nobody had a chance
            interrupted = any(_is_main(ref) for _, ref in left)
            for task, ref in left:
                if not interrupted and is_stuck(task) and self._book is not None:
                    self._book.drop(ref.acquired, _label(task), AT_SHUTDOWN)
            real(loop)

        return _cancel_all_tasks


def _is_main(ref: Watched) -> bool:
    """Whether a task is what a runner was given to run."""
    frames = ref.acquired.frames()[:4]
    return any(frame.file.endswith(RUNNERS) and frame.function.startswith("run") for frame in frames)


def is_stuck(task: Any) -> bool:
    """Whether a task is not about to end: nobody cancels it, and what it waits for has not come."""
    if task.cancelling():
        return False
    waits_for = getattr(task, "_fut_waiter", None)
    return waits_for is None or not waits_for.done()


def _label(task: Any) -> str:
    coroutine = task.get_coro()
    return f"{task.get_name()!r} running {getattr(coroutine, '__qualname__', type(coroutine).__name__)}()"


def _freed(ref: Watched) -> None:
    """Loops and tasks tell about their own end."""
