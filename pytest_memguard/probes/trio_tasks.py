"""trio's tasks that wait on when a test is over, in a run that goes on: anyio's runner on trio, a guest run, a thread.

`trio.run` itself ends with its tasks.  Only reported: a run that goes on stands still between two tests, so that a task
which is about to end cannot.  One that is cancelled or has its turn is passed over, and what a fixture's task starts
is the fixture's.  Cost: nothing until trio is imported; 3 µs a task, 0.3 µs a look for each that lives.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..origins import Acquisition, Owner, Place, place_of
from ..statements import own_code
from .patches import Patches, Stands
from .probe import Book, Census, Key, Sight
from .watched import Register, Watched


class TrioTasks:
    """Tasks of runs that go on."""

    name = "trio task"

    def __init__(self) -> None:
        self._patches = Patches()
        self._tasks = Register(_ended)
        self._book: Book | None = None
        self._run: Any = None

    def start(self, book: Book, _: Stands) -> None:
        """Patch what makes tasks once trio is there; `take` looks again."""
        self._book = book
        self._find()

    def stop(self) -> None:
        """Put it back."""
        self._patches.undo()
        self._tasks.clear()
        self._run = None

    def take(self) -> Census:
        """The tasks that wait and will not end by themselves."""
        if self._run is None:
            self._find()
        if not len(self._tasks):
            return frozenset()
        return frozenset((self.name, id(task)) for task, _ in self._tasks if _is_left(task))

    def describe(self, key: Key) -> Sight | None:
        """Tell what a task runs."""
        number = key[1]
        assert isinstance(number, int)
        ref = self._tasks.get(number)
        task = ref() if ref is not None else None
        if ref is None or task is None:
            return None
        held = None if _is_the_tests_own(ref.acquired) else task
        return Sight(self.name, task.name, ref.acquired, held)

    def forget(self, ended: Owner) -> None:
        """Nothing to do: the records go with the tasks."""

    def _find(self) -> None:
        module = sys.modules.get("trio._core._run")
        kind = getattr(module, "Runner", None)
        if kind is None or not hasattr(kind, "spawn_impl") or not hasattr(module, "GLOBAL_RUN_CONTEXT"):
            return  # not imported, or just being so
        self._run = module
        self._patches.put(kind, "spawn_impl", self._spawning(kind.spawn_impl))

    def _spawning(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def spawn_impl(runner: Any, *arguments: Any, **named: Any) -> Any:
            task = real(runner, *arguments, **named)
            assert self._book is not None
            acquired = self._book.enter(self.name, "", _asker(sys._getframe(1)))
            asker = getattr(self._run.GLOBAL_RUN_CONTEXT, "task", None)
            parent = self._tasks.find(asker) if asker is not runner.main_task else None  # that one runs every test
            if parent is not None and parent.owner.role == "fixture" and not parent.owner.ended:
                acquired.owner = parent.owner
            self._tasks.add(task, acquired)
            return task

        spawn_impl.__doc__ = real.__doc__
        spawn_impl.__wrapped__ = real  # type: ignore[attr-defined]
        return spawn_impl


def _asker(frame: FrameType | None) -> FrameType | None:
    """The first frame outside trio and anyio; None when a run's turn comes first: then trio made it for itself."""
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in ("trio", "anyio", "outcome"):
        frame = None if frame.f_code.co_name == "unrolled_run" else frame.f_back
    return frame


def _is_left(task: Any) -> bool:
    """Whether a task waits in a run that is not over, is not cancelled, and is nothing of trio's own."""
    runner, status = task._runner, task._cancel_status
    if task not in runner.tasks or task is runner.main_task or task._parent_nursery in (None, runner.system_nursery):
        return False
    waits = task._abort_func is not None
    return waits and runner.main_task_outcome is None and not (status is not None and status.effectively_cancelled)


def _is_the_tests_own(acquired: Acquisition) -> bool:
    """Whether the test's own code starts it: then the nursery of a wider fixture that keeps it is no owner."""
    codes = acquired.origin.positions[::2]
    line = next((code for code in codes if place_of(code.co_filename) is Place.PROJECT), None)
    return line in own_code(acquired.owner.functions())


def _ended(ref: Watched) -> None:
    """A task object that is freed has ended, or its run was dropped, which says so itself."""
