"""Every coroutine of the asynchronous cache, cancelled at each of its awaits: nothing is lost or left open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pytest_memguard.runtime import AsyncCache, Sweep, cancel_everywhere


class Door:
    """A value whose closing awaits, twice."""

    made: list[Door]

    def __init__(self) -> None:
        self.closings = 0
        Door.made.append(self)

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.closings += 1


async def full() -> AsyncCache[int, Door]:
    """A cache of two doors which has room for two."""
    Door.made = []
    cache = AsyncCache[int, Door](2, close=True, policy="fifo")
    await cache.put(1, Door())
    await cache.put(2, Door())
    return cache


async def load(_: int) -> Door:
    await asyncio.sleep(0)
    return Door()


async def borrow(cache: AsyncCache[int, Door]) -> None:
    async with cache.borrow(1):
        await asyncio.sleep(0)
        await cache.remove(1)


async def close(cache: AsyncCache[int, Door]) -> None:
    """Close, and look that every door which the cache was given is closed once."""
    await cache.close()
    await cache.settle()
    assert [door.closings for door in Door.made if door.closings > 1] == []
    open_doors = sum(not door.closings for door in Door.made)
    assert open_doors == cache.statistics().taken + cache.statistics().not_kept
    statistics = cache.statistics()
    assert statistics.puts == (
        statistics.replaced + statistics.evicted + statistics.removed + statistics.taken + statistics.closed
    )


BODIES: dict[str, Callable[[AsyncCache[int, Door]], Awaitable[Any]]] = {
    "put": lambda cache: cache.put(3, Door()),
    "replace": lambda cache: cache.put(1, Door()),
    "load": lambda cache: cache.load(3, load),
    "renew": lambda cache: cache.renew(1, load),
    "remove": lambda cache: cache.remove(1),
    "clear": lambda cache: cache.clear(),
    "borrow": borrow,
    "close": lambda cache: cache.close(),
}


@pytest.mark.parametrize("double", [False, True], ids=["once", "twice"])
@pytest.mark.parametrize("body", BODIES)
def test_nothing_is_lost_wherever_it_is_cancelled(body: str, double: bool) -> None:
    async def use(cache: AsyncCache[int, Door]) -> None:
        await BODIES[body](cache)

    sweep: Sweep = cancel_everywhere(full, use, capacity=None, close=close, double=double)
    assert sweep.problems == ()
    assert len(sweep.trials) >= 2
    assert sweep.awaits >= 1


def test_taking_out_has_no_await_where_the_value_could_be_lost() -> None:
    async def use(cache: AsyncCache[int, Door]) -> None:
        assert await cache.take(1) is Door.made[0]

    assert cancel_everywhere(full, use, capacity=None, close=close).awaits == 0
