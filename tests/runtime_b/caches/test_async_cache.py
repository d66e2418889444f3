"""The asynchronous cache: one load in its own task, and closings that no cancellation interrupts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pytest_memguard.runtime.caches import AsyncCache, Cause, LoadCancelled
from pytest_memguard.runtime.errors import Closed, WrongLoop

pytestmark = pytest.mark.asyncio


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


class Door:
    def __init__(self, gate: asyncio.Event | None = None) -> None:
        self.begun = self.closed = 0
        self.gate = gate

    async def aclose(self) -> None:
        self.begun += 1
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        self.closed += 1


class Gate:
    """A loader that waits to be let through, and counts its calls."""

    def __init__(self) -> None:
        self.calls = self.cancelled = 0
        self.open = asyncio.Event()

    async def __call__(self, key: str) -> str:
        self.calls += 1
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return key.upper()


async def test_the_load_survives_the_cancellation_of_its_first_caller() -> None:
    async with AsyncCache[str, str](9) as cache:
        gate = Gate()
        callers = [asyncio.create_task(cache.load("k", gate)) for _ in range(4)]
        await turns()
        callers[0].cancel()
        await turns()
        gate.open.set()
        answers = await asyncio.gather(*callers, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert answers[1:] == ["K", "K", "K"]
        assert (gate.calls, gate.cancelled) == (1, 0)
        assert cache.get("k") == "K"


async def test_the_load_is_cancelled_when_nobody_waits_any_more() -> None:
    async with AsyncCache[str, str](9) as cache:
        gate = Gate()
        callers = [asyncio.create_task(cache.load("k", gate)) for _ in range(3)]
        await turns()
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        await cache.settle()
        assert gate.cancelled == 1
        assert "k" not in cache


async def test_a_caller_who_comes_after_that_begins_a_new_load() -> None:
    async with AsyncCache[str, str](9) as cache:
        gate, again = Gate(), Gate()
        caller = asyncio.create_task(cache.load("k", gate))
        await turns()
        caller.cancel()
        await turns(1)
        again.open.set()
        assert await cache.load("k", again) == "K"


async def test_a_load_cancelled_from_inside_is_an_error_and_not_a_cancellation() -> None:
    async def give_up(_: str) -> str:
        raise asyncio.CancelledError

    async with AsyncCache[str, str](9) as cache:
        with pytest.raises(LoadCancelled, match="the load of 'k'"):
            await cache.load("k", give_up)


async def test_the_error_of_the_load_reaches_all_who_wait() -> None:
    async def fail(_: str) -> str:
        await turns()
        raise OSError("no such price")

    async with AsyncCache[str, str](9) as cache:
        answers = await asyncio.gather(*(cache.load("k", fail) for _ in range(3)), return_exceptions=True)
        assert [str(answer) for answer in answers] == ["no such price"] * 3
        assert cache.statistics().failed_loads == 1


async def test_a_synchronous_loader_is_called_once_too() -> None:
    calls: list[str] = []

    def load(key: str) -> str:
        calls.append(key)
        return key.upper()

    async with AsyncCache[str, str](9) as cache:
        assert await asyncio.gather(*(cache.load("k", load) for _ in range(3))) == ["K"] * 3
    assert calls == ["k"]


async def test_a_key_that_changes_during_its_load_wins() -> None:
    async with AsyncCache[str, str](9) as cache:
        gate = Gate()
        caller = asyncio.create_task(cache.load("k", gate))
        await turns()
        await cache.put("k", "newer")
        gate.open.set()
        assert await caller == "K"
        assert cache.get("k") == "newer"


async def test_renewing_replaces_what_is_there_and_until_then_the_old_is_read() -> None:
    async with AsyncCache[str, str](9) as cache:
        await cache.put("k", "old")
        gate = Gate()
        first = asyncio.create_task(cache.renew("k", gate))
        await turns()
        assert cache.get("k") == "old"
        gate.open.set()
        assert await first == "K"
        assert cache.get("k") == "K"


async def test_closing_the_cache_ends_the_loads_and_says_so_to_who_waits() -> None:
    cache = AsyncCache[str, str](9)
    gate = Gate()
    caller = asyncio.create_task(cache.load("k", gate))
    await turns()
    await cache.close()
    with pytest.raises(LoadCancelled):
        await caller
    with pytest.raises(Closed):
        await cache.load("k", gate)
    with pytest.raises(Closed):
        await cache.put("k", "v")


async def test_what_is_evicted_is_closed_before_put_returns() -> None:
    async with AsyncCache[int, Door](1, close=True) as cache:
        first = Door()
        await cache.put(1, first)
        await cache.put(2, Door())
        assert first.closed == 1


async def test_the_listener_is_awaited_before_the_value_is_closed() -> None:
    heard: list[tuple[int, Cause, int]] = []

    async def listen(key: int, door: Door, cause: Cause) -> None:
        await turns()
        heard.append((key, cause, door.closed))

    async with AsyncCache[int, Door](1, close=True, on_remove=listen) as cache:
        await cache.put(1, Door())
        await cache.put(2, Door())
    assert heard == [(1, Cause.EVICTED, 0), (2, Cause.CLOSED, 0)]


OPERATIONS: dict[str, Callable[[AsyncCache[int, Door]], Awaitable[object]]] = {
    "put": lambda cache: cache.put(3, Door()),
    "remove": lambda cache: cache.remove(1),
    "clear": lambda cache: cache.clear(),
    "close": lambda cache: cache.close(),
    "load": lambda cache: cache.load(4, lambda _: Door()),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("cancellations", [1, 2])
async def test_a_cancelled_caller_stops_waiting_and_the_closing_goes_on(operation: str, cancellations: int) -> None:
    gate = asyncio.Event()
    doors = [Door(gate), Door(gate)]
    cache = AsyncCache[int, Door](2, close=True, policy="fifo")
    for key, door in enumerate(doors, 1):
        await cache.put(key, door)
    caller = asyncio.ensure_future(OPERATIONS[operation](cache))
    await turns()
    for _ in range(cancellations):
        caller.cancel()
        await turns(1)
    assert caller.cancelled()
    assert doors[0].begun == 1
    assert doors[0].closed == 0
    gate.set()
    await cache.settle()
    assert doors[0].closed == 1
    await cache.close()
    assert [door.closed for door in doors] == [1, 1]


async def test_a_taken_value_is_the_callers_and_stays_open() -> None:
    async with AsyncCache[int, Door](1, close=True) as cache:
        door = Door()
        await cache.put(1, door)
        assert await cache.take(1) is door
        assert await cache.take(1) is None
    assert door.begun == 0


async def test_an_expired_value_is_closed_by_the_next_who_asks() -> None:
    now = [0.0]
    async with AsyncCache[int, Door](9, close=True, ttl=5, clock=lambda: now[0]) as cache:
        door = Door()
        await cache.put(1, door)
        now[0] = 6
        assert cache.get(1) is None
        await cache.settle()
        assert door.closed == 1
        assert await cache.expire() == 0


async def test_a_borrowed_value_is_closed_after_the_block() -> None:
    async with AsyncCache[int, Door](1, close=True) as cache:
        door = Door()
        await cache.put(1, door)
        async with cache.borrow(1):
            await cache.put(2, Door())
            assert door.begun == 0
        assert door.closed == 1


async def test_memory_pressure_from_another_thread_closes_in_the_caches_loop() -> None:
    async with AsyncCache[int, Door](9, close=True) as cache:
        doors = [Door() for _ in range(4)]
        for key, door in enumerate(doors):
            await cache.put(key, door)
        assert await asyncio.to_thread(cache.evict, 0.5) == 2
        await turns()
        await cache.settle()
        assert sum(door.closed for door in doors) == 2


async def test_errors_of_closing_are_raised_together() -> None:
    class Stuck:
        async def aclose(self) -> None:
            raise OSError("stuck")

    cache = AsyncCache[int, Any](9, close=True)
    await cache.put(1, Stuck())
    await cache.put(2, Stuck())
    with pytest.raises(BaseExceptionGroup, match="could not release 2"):
        await cache.close()


async def test_a_dropped_cache_warns_that_its_values_stay_open() -> None:
    cache = AsyncCache[int, Door](9, close=True)
    await cache.put(1, Door())
    with pytest.warns(ResourceWarning, match=r"1 values that it owns, which stay open.*test_async_cache.py"):
        del cache


async def test_another_loop_is_refused_by_name() -> None:
    cache = AsyncCache[int, int](9)
    await cache.put(1, 1)
    with pytest.raises(WrongLoop, match="make one cache for each loop"):
        await asyncio.to_thread(lambda: asyncio.run(cache.put(2, 2)))
    await cache.close()
