"""Running a coroutine so that its task is cancelled at a chosen await."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Generator
from types import AsyncGeneratorType
from typing import Any, Literal, TypeAlias, get_args

from ..origin import Origin

Moment: TypeAlias = Literal["waiting", "woken"]
"""When a cancellation strikes: while the await is pending, or after what it waited for has come but before
the task runs on, which is when a slot that was just handed over gets lost."""

MOMENTS: tuple[Moment, ...] = get_args(Moment)


class Stepper:
    """Awaits a coroutine, counts its awaits, and cancels the running task at chosen ones.

    `strikes` says at which await (from 1) and at which moment; each strikes once.
    """

    def __init__(self, body: Coroutine[Any, Any, object], strikes: dict[int, Moment]) -> None:
        self._body = body
        self._strikes = strikes
        self.awaits = 0
        """How many times the body has waited."""
        self.struck = 0
        """How many cancellations were delivered."""
        self.place = Origin()
        """Where the body was at the first cancellation, innermost await first."""

    def __await__(self) -> Generator[Any, Any, object]:
        task = asyncio.current_task()
        assert task is not None
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                waited_for = self._body.send(answer) if error is None else self._body.throw(error)
            except StopIteration as end:
                return end.value
            self.awaits += 1
            moment = self._strikes.get(self.awaits)
            if moment is not None:
                self._strike(task, waited_for, moment)
            answer, error = None, None
            try:
                answer = yield waited_for
            except BaseException as thrown:
                error = thrown

    def _strike(self, task: asyncio.Task[Any], waited_for: Any, moment: Moment) -> None:
        if not self.place:
            self.place = whereabouts(self._body)

        def cancel(_: object = None) -> None:
            if not task.done():
                self.struck += 1
                task.cancel()

        if moment == "woken" and asyncio.isfuture(waited_for):
            waited_for.add_done_callback(cancel)  # before the task's own: it is cancelled when already served
        else:
            cancel()


def whereabouts(body: Any) -> Origin:
    """Where a suspended coroutine is, innermost await first."""
    positions: list[Any] = []
    while body is not None:
        frame = next((frame for name in FRAMES if (frame := getattr(body, name, None)) is not None), None)
        if frame is not None:
            positions[:0] = (frame.f_code, frame.f_lasti)
            body = next((inner for name in AWAITED if (inner := getattr(body, name, None)) is not None), None)
        else:  # a step of an async generator, which does not name its generator
            body = next((each for each in gc.get_referents(body) if isinstance(each, AsyncGeneratorType)), None)
    return Origin(tuple(positions))


FRAMES = ("cr_frame", "gi_frame", "ag_frame")
AWAITED = ("cr_await", "gi_yieldfrom", "ag_await")
