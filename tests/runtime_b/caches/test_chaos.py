"""Many tasks do anything to one cache while others cancel them; at the end each value was closed once."""

from __future__ import annotations

import asyncio
import random
import sys
from contextlib import suppress

import pytest

from pytest_memguard.runtime import AsyncCache
from pytest_memguard.runtime.caches.policies import POLICIES


class Door:
    """A value; its closing awaits and sometimes fails."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.closings = 0

    async def aclose(self) -> None:
        self.closings += 1
        for _ in range(self.chance.randrange(3)):
            await asyncio.sleep(0)
        if self.chance.random() < 0.1:
            raise OSError("stuck")


class Run:
    """One run: the doors that were made, and those that somebody took."""

    def __init__(self, seed: str, policy: str) -> None:
        self.chance = random.Random(seed)
        self.made: list[Door] = []
        self.unowned: set[Door] = set()
        self.cache: AsyncCache[int, Door] = AsyncCache(
            8,
            policy=policy,  # type: ignore[arg-type]
            close=True,
            ttl=30,
            clock=lambda: self.now,
        )
        self.now = 0.0

    def door(self) -> Door:
        self.made.append(Door(self.chance))
        return self.made[-1]

    async def loader(self, _: int) -> Door:
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)
        if self.chance.random() < 0.1:
            raise OSError("no such door")
        return self.door()

    async def step(self) -> None:
        cache, key = self.cache, self.chance.randrange(16)
        match self.chance.randrange(8):
            case 0 | 1:
                await cache.put(key, self.door())
            case 2 | 3:
                await cache.load(key, self.loader)
            case 4:
                door = await cache.take(key)
                if door is not None:
                    self.unowned.add(door)
            case 5:
                await cache.remove(key)
            case 6:
                async with cache.borrow(key) as door:
                    await asyncio.sleep(0)
                    assert door in self.unowned or not door.closings
            case _:
                self.now += 1
                cache.evict(0.2)
                await cache.expire()

    async def worker(self) -> None:
        for _ in range(40):
            try:
                await self.step()
            except (OSError, KeyError, BaseExceptionGroup):
                pass
            except asyncio.CancelledError:
                if self.chance.random() < 0.5:
                    raise

    async def main(self) -> None:
        tasks = [asyncio.create_task(self.worker()) for _ in range(60)]
        while pending := [task for task in tasks if not task.done()]:
            for task in self.chance.sample(pending, min(3, len(pending))):
                task.cancel()
                if self.chance.random() < 0.3:
                    task.cancel()
            await asyncio.sleep(0)
        with suppress(BaseExceptionGroup):  # of the doors that were stuck
            await self.cache.close()
        await self.cache.settle()


@pytest.mark.parametrize("policy", POLICIES)
def test_at_the_end_every_value_was_closed_once_or_left_to_somebody(
    policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(f"chaos {policy}", policy)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", lambda _: None)  # doors that were stuck at an eviction
        asyncio.run(run.main())
    statistics = run.cache.statistics()
    assert statistics.puts == (
        statistics.replaced
        + statistics.evicted
        + statistics.expired
        + statistics.pressed
        + statistics.removed
        + statistics.taken
        + statistics.closed
    )
    assert max(door.closings for door in run.made) == 1
    left_open = {door for door in run.made if not door.closings}
    assert run.unowned <= left_open
    # The others were loaded for callers while their key was changed, and belong to those.
    assert len(left_open - run.unowned) <= statistics.not_kept + statistics.taken - len(run.unowned)
    assert statistics.coalesced > 0
    assert statistics.failed_releases > 0
