# ruff: noqa: PT012 - the block is what raises: that is the subject
from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from pytest_memguard.runtime import AsyncScope, StillHeld, WrongLoop, cancel_everywhere, drain, outstanding
from pytest_memguard.runtime.closing import close_in_background


class Thing:
    def __init__(self, log: list[Thing] | None = None, awaits: int = 3, fails: Exception | None = None) -> None:
        self.log = log if log is not None else []
        self.awaits = awaits
        self.fails = fails
        self.closed = 0

    async def aclose(self) -> None:
        for _ in range(self.awaits):
            await asyncio.sleep(0)
        self.closed += 1
        self.log.append(self)
        if self.fails is not None:
            raise self.fails


def test_things_are_released_in_reverse_order_awaiting_where_needed() -> None:
    log: list[Any] = []

    async def main() -> list[Thing]:
        async with AsyncScope() as scope:
            things = [scope.own(Thing(log)) for _ in range(3)]
            scope.defer(log.append, "called")
        return things

    things = asyncio.run(main())
    assert log == ["called", *things[::-1]]


def test_errors_are_grouped_or_noted_as_in_a_scope() -> None:
    async def fails(error: BaseException | None) -> None:
        async with AsyncScope("copy") as scope:
            scope.own(Thing(fails=OSError("one")))
            scope.own(Thing(fails=OSError("two")))
            if error is not None:
                raise error

    with pytest.raises(ExceptionGroup, match="AsyncScope 'copy' could not release 2 of its things"):
        asyncio.run(fails(None))
    with pytest.raises(KeyError) as caught:
        asyncio.run(fails(KeyError("mine")))
    assert len(caught.value.__notes__) == 2


def test_release_transfer_and_pop_all() -> None:
    async def main() -> None:
        async with AsyncScope() as outer:
            async with AsyncScope() as scope:
                early, moved, kept = (scope.own(Thing()) for _ in range(3))
                await scope.release(early)
                assert early.closed == 1
                scope.transfer(moved, to=outer)
                rest = scope.pop_all()
            assert (moved.closed, kept.closed) == (0, 0)
            await rest.aclose()
            assert (moved.closed, kept.closed) == (0, 1)
            assert [entry.value for entry in outstanding()] == [moved]
        assert moved.closed == 1

    asyncio.run(main())


def test_an_async_context_manager_can_be_entered() -> None:
    async def main() -> None:
        async with AsyncScope() as scope:
            lock = asyncio.Lock()
            await scope.enter_async(lock)
            assert lock.locked()
        assert not lock.locked()

    asyncio.run(main())


def trial(seed: int) -> tuple[bool, bool]:
    """One body of five awaits and a clean-up of three, cancelled at random once, twice or thrice."""
    chances = random.Random(seed)
    things: list[Thing] = []

    async def body() -> None:
        async with AsyncScope() as scope:
            things.append(scope.own(Thing()))
            for _ in range(5):
                await asyncio.sleep(0)

    async def main() -> bool:
        task = asyncio.create_task(body())
        await asyncio.sleep(0)
        for _ in range(chances.randint(1, 3)):
            for _ in range(chances.randint(0, 5)):
                await asyncio.sleep(0)
            task.cancel()
        asked = not task.done() or task.cancelled()
        await asyncio.wait((task,))
        closed_when_it_returned = things[0].closed == 1
        return closed_when_it_returned and task.cancelled() == asked

    return asyncio.run(main()), things[0].closed == 1


def test_under_any_cancellations_the_release_is_done_when_the_block_has_ended() -> None:
    assert {trial(seed) for seed in range(300)} == {(True, True)}


def test_the_sweep_finds_nothing_lost_at_any_await() -> None:
    open_now = [0]

    class Counted(Thing):
        async def aclose(self) -> None:
            await super().aclose()
            open_now[0] -= 1

    async def use(_: object) -> None:
        async with AsyncScope() as scope:
            open_now[0] += 1
            scope.own(Counted())
            await asyncio.sleep(0)

    async def capacity(_: object) -> int:
        return -open_now[0]

    sweep = cancel_everywhere(object, use, capacity=capacity, double=True)
    assert sweep.trials
    assert sweep.problems == ()


@pytest.mark.memguard_allow("asyncio task", reason="the end of the loop is what this is about")
def test_the_end_of_the_loop_loses_nothing() -> None:
    things: list[Thing] = []

    async def body() -> None:
        async with AsyncScope() as scope:
            things.append(scope.own(Thing(awaits=10)))
            await asyncio.Event().wait()

    async def main() -> None:
        tasks = [asyncio.create_task(body()) for _ in range(50)]
        await asyncio.sleep(0)
        for task in tasks[:25]:
            task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(main())  # half are closing, the others are cancelled by the loop's end
    assert [thing.closed for thing in things] == [1] * 50


def test_drain_waits_for_what_is_being_released() -> None:
    async def main() -> None:
        async def body() -> None:
            async with AsyncScope() as scope:
                things.append(scope.own(Thing(awaits=20)))

        task = asyncio.create_task(body())
        for _ in range(3):
            await asyncio.sleep(0)
        assert things[0].closed == 0
        await drain()
        assert things[0].closed == 1
        await task

    things: list[Thing] = []
    asyncio.run(main())


def test_a_drain_that_takes_too_long_names_the_scope() -> None:
    async def main() -> None:
        go_on = asyncio.Event()

        async def body() -> None:
            async with AsyncScope("copy") as scope:
                scope.defer(go_on.wait)

        task = asyncio.create_task(body())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(StillHeld, match=r"1 clean-ups were not finished within 0.01 s: closing AsyncScope 'copy'"):
            await drain(timeout=0.01)
        go_on.set()
        await task
        await drain()

    asyncio.run(main())


def test_a_release_that_hangs_is_ended_at_the_limit_and_the_next_is_tried() -> None:
    async def main() -> None:
        thing = Thing()
        with pytest.raises(ExceptionGroup) as caught:
            async with AsyncScope("copy", limit=0.01) as scope:
                scope.own(thing)
                scope.defer(asyncio.Event().wait)
        assert [type(error) for error in caught.value.exceptions] == [TimeoutError]
        assert thing.closed == 1

    asyncio.run(main())


def test_a_closing_task_declines_to_be_cancelled() -> None:
    async def main() -> str:
        async def work() -> str:
            await asyncio.sleep(0)
            return "done"

        task = close_in_background(work(), "something")
        assert task.cancel() is False
        return await task

    assert asyncio.run(main()) == "done"


def test_another_loop_is_refused() -> None:
    scopes: list[AsyncScope] = []

    async def make() -> None:
        scopes.append(AsyncScope("copy"))

    async def close() -> None:
        await scopes[0].aclose()

    asyncio.run(make())
    with pytest.raises(WrongLoop, match="AsyncScope 'copy' belongs to event loop"):
        asyncio.run(close())


def test_a_scope_dropped_open_releases_late_while_its_loop_runs() -> None:
    async def main() -> None:
        scopes = [AsyncScope("copy")]
        thing = scopes[0].own(Thing())
        with pytest.warns(
            ResourceWarning, match=r"AsyncScope 'copy', made at .* in main, was dropped .* releases them late"
        ):
            scopes.clear()
        await asyncio.sleep(0)
        await drain()
        assert thing.closed == 1

    asyncio.run(main())


def test_a_scope_dropped_after_its_loop_says_that_its_things_stay_open() -> None:
    async def main() -> list[AsyncScope]:
        scopes = [AsyncScope("copy")]
        scopes[0].own(Thing())
        return scopes

    scopes = asyncio.run(main())
    with pytest.warns(ResourceWarning, match="its event loop is gone: they stay open"):
        scopes.clear()
