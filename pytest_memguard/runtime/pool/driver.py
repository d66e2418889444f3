"""Carries out plans on an event loop, so that a caller's cancellation never interrupts the pool's own I/O.

A caller may be cancelled at any await, twice if need be.  While it only waits, the cancellation goes into
the plan, which gives up its place.  While a resource is being opened, checked, reset or closed, that work
goes on in a task that the pool owns, and so does the rest of the plan; only the caller's waiting ends.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..closing import close_in_background
from .plan import Plan
from .slot import Slot
from .state import Waiter
from .steps import Close, Sleep, Step, Wait

T = TypeVar("T")
R = TypeVar("R")


class FutureWaiter(Waiter[T]):
    """Waits on a future of the running loop."""

    __slots__ = ("future", "slot")

    def __init__(self) -> None:
        self.slot: Slot[T] | None = None
        self.future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def give(self, slot: Slot[T] | None) -> None:
        """Wake it; when it was cancelled in the same turn of the loop, it finds the slot as it leaves."""
        self.slot = slot
        if not self.future.done():
            self.future.set_result(True)

    def expire(self) -> None:
        """Wake it because its time is over."""
        if not self.future.done():
            self.future.set_result(False)


PAUSES = (Wait, Sleep)
"""The steps that touch no resource: a cancellation there goes into the plan."""


@dataclass(slots=True)
class Outcome:
    """What came of a step: tasks of the pool answer with this and never raise."""

    answer: Any
    error: BaseException | None


class Ended(Generic[R]):
    """The mark that a plan has ended, with its result."""

    __slots__ = ("result",)

    def __init__(self, result: R) -> None:
        self.result = result


def advance(plan: Plan[R], outcome: Outcome) -> Step | Ended[R]:
    """Send an outcome into a plan: its next step, or its end.  Raises what the plan raises."""
    try:
        if outcome.error is not None:
            return plan.throw(outcome.error)
        return plan.send(outcome.answer)
    except StopIteration as end:
        return Ended(end.value)


class Driver:
    """Runs the plans of one pool and owns the tasks of its I/O."""

    def __init__(
        self,
        label: str,
        perform: weakref.WeakMethod[Callable[[Step], Awaitable[Any]]],
        sleep: Callable[[float], Awaitable[Any]] | None,
    ) -> None:
        self._label = label
        self._perform = perform  # weakly: the pool refers to its driver, and should not need the collector
        self._sleep = sleep
        self._tasks: set[asyncio.Task[Any]] = set()
        self._naps: set[asyncio.Future[bool]] = set()

    async def run(
        self,
        plan: Plan[R],
        timeout: float | None = None,
        late: Callable[[], BaseException] | None = None,
        abandon: Callable[[R], Plan[None]] | None = None,
    ) -> R:
        """Carry out a plan for a caller who may be cancelled or, after `timeout`, gets what `late` makes.

        `abandon` makes the plan that undoes a result which nobody waits for any more.
        """
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None or late is None else loop.time() + timeout
        try:
            step = next(plan)
            while True:
                if isinstance(step, PAUSES):
                    try:
                        answer = await self._pause(step)
                    except BaseException as error:
                        self._give_up(plan, error, abandon)
                        raise
                    step = plan.send(answer)
                    continue
                task = self._start(step)
                remaining = None if deadline is None else max(0.0, deadline - loop.time())
                try:
                    await asyncio.wait((task,), timeout=remaining)
                except BaseException as error:
                    if not isinstance(error, GeneratorExit):  # the loop is gone otherwise
                        self.detach(self._finish(plan, task, abandon))
                    raise
                if not task.done():
                    assert late is not None
                    self.detach(self._finish(plan, task, abandon))
                    raise late()
                outcome = task.result()
                step = plan.send(outcome.answer) if outcome.error is None else plan.throw(outcome.error)
        except StopIteration as end:
            result: R = end.value
            return result

    def _start(self, step: Step) -> asyncio.Task[Outcome]:
        """Do a step in a task of the pool; a close is finished even while the loop ends."""
        if isinstance(step, Close):
            return close_in_background(self._attempt(step), self._label)
        task = asyncio.create_task(self._attempt(step))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def detach(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do the rest of a plan whose caller has gone."""
        close_in_background(work, self._label, None)

    def wake_all(self) -> None:
        """End every nap: the pool is closing."""
        for nap in self._naps:
            if not nap.done():
                nap.set_result(True)

    async def _attempt(self, step: Step) -> Outcome:
        try:
            perform = self._perform()
            assert perform is not None, "whoever runs a plan keeps the pool alive"
            return Outcome(await perform(step), None)
        except asyncio.CancelledError as error:
            late = isinstance(step, Close)  # closes are cancelled by their time limit and by nothing else
            return Outcome(None, TimeoutError(str(error)) if late else error)
        except BaseException as error:
            return Outcome(None, error)

    def _give_up(self, plan: Plan[R], error: BaseException, abandon: Callable[[R], Plan[None]] | None) -> None:
        """A wait was interrupted: have the plan clean up, in the background if that takes I/O."""
        try:
            step = advance(plan, Outcome(None, error))
        except BaseException as raised:
            if raised is not error:
                raise
            return
        if not isinstance(error, GeneratorExit):
            self.detach(self._go_on(plan, step, abandon))

    async def _finish(
        self, plan: Plan[R], task: asyncio.Task[Outcome], abandon: Callable[[R], Plan[None]] | None
    ) -> None:
        await asyncio.wait((task,))
        try:
            step = advance(plan, task.result())
        except BaseException:
            return  # the plan has cleaned up; there is nobody left to be told
        await self._go_on(plan, step, abandon)

    async def _go_on(self, plan: Plan[R], step: Step | Ended[R], abandon: Callable[[R], Plan[None]] | None) -> None:
        """Carry out the rest of a plan whose caller has gone: nothing is waited for, everything is closed."""
        try:
            while not isinstance(step, Ended):
                if isinstance(step, PAUSES):
                    step = advance(plan, Outcome(None, asyncio.CancelledError()))
                else:
                    step = advance(plan, await self._attempt(step))
        except BaseException:
            return
        if abandon is not None:
            undo = abandon(step.result)
            await self._go_on(undo, advance(undo, Outcome(None, None)), None)

    async def _pause(self, step: Wait | Sleep) -> bool:
        if isinstance(step, Sleep):
            if self._sleep is not None:
                await self._sleep(step.seconds)
                return True
            return await self._nap(step.seconds)
        assert isinstance(step.waiter, FutureWaiter)
        if step.timeout is None:
            return await step.waiter.future
        timer = asyncio.get_running_loop().call_later(step.timeout, step.waiter.expire)
        try:
            return await step.waiter.future
        finally:
            timer.cancel()

    async def _nap(self, seconds: float) -> bool:
        waiter: FutureWaiter[Any] = FutureWaiter()
        timer = asyncio.get_running_loop().call_later(seconds, waiter.expire)
        self._naps.add(waiter.future)
        try:
            return await waiter.future
        finally:
            timer.cancel()
            self._naps.discard(waiter.future)
