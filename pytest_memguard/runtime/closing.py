"""Cleaning up on an event loop so that it is finished whoever is cancelled, even while the loop ends.

`try`/`finally` loses what a second cancellation interrupts, and `asyncio.run` cancels every task before it
closes its loop.  The tasks made here decline to be cancelled; `asyncio.run` then waits for them.  What hangs
is cancelled in earnest after a time limit.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

from .errors import StillHeld

R = TypeVar("R")

LIMIT = 30.0
"""Seconds that a clean-up may take, unless its owner says otherwise."""


class ClosingTask(asyncio.Task[R]):
    """A task that goes on when it is cancelled; `give_up` is what ends it."""

    def cancel(self, msg: Any = None) -> bool:  # noqa: ARG002
        """Decline: what is being released here would stay open for ever."""
        return False

    def give_up(self) -> None:
        """Cancel it in earnest."""
        super().cancel("the time limit of this clean-up is over")


_under_way: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, set[ClosingTask[Any]]] = weakref.WeakKeyDictionary()


def close_in_background(work: Coroutine[Any, Any, R], label: str, limit: float | None = LIMIT) -> ClosingTask[R]:
    """Start a clean-up that is finished whatever happens to its caller, within `limit` seconds."""
    loop = asyncio.get_running_loop()
    task: ClosingTask[R] = ClosingTask(work, loop=loop, name=f"closing {label}")
    tasks = _under_way.setdefault(loop, set())
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    if limit is not None:
        timer = loop.call_later(limit, _give_up, task)
        task.add_done_callback(lambda _: timer.cancel())
    return task


def _give_up(task: ClosingTask[Any]) -> None:
    """Cancel a clean-up in earnest; again each second, should its next step hang as well."""
    if not task.done():
        task.give_up()
        task.get_loop().call_later(1.0, _give_up, task)


async def finish(task: asyncio.Task[R]) -> R:
    """Wait until a task is done, however often the caller is cancelled; raise the cancellation afterwards."""
    interrupted: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            interrupted = error
    if interrupted is not None:
        if not task.cancelled():
            task.exception()  # seen: the cancellation is what the caller gets
        raise interrupted
    return task.result()


async def drain(timeout: float | None = 10.0) -> None:
    """Wait for every clean-up under way in this event loop: those of scopes and of pools.

    Raises `StillHeld` after `timeout` seconds, naming what is not finished.  To be awaited before a loop
    closes that `asyncio.run` does not manage.
    """
    me = asyncio.current_task()
    loop = asyncio.get_running_loop()
    deadline = None if timeout is None else loop.time() + timeout
    while waiting := [task for task in _under_way.get(loop, ()) if task is not me]:
        remaining = None if deadline is None else deadline - loop.time()
        if remaining is not None and remaining <= 0:
            names = ", ".join(sorted(task.get_name() for task in waiting))
            raise StillHeld(f"{len(waiting)} clean-ups were not finished within {timeout:g} s: {names}")
        await asyncio.wait(waiting, timeout=remaining)
