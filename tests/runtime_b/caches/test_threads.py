"""Threads may do anything to one cache at the same time."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_memguard.runtime.caches import Cache
from pytest_memguard.runtime.caches.policies import POLICIES


class Door:
    def __init__(self) -> None:
        self.closings = 0

    def close(self) -> None:
        self.closings += 1


@pytest.fixture
def restless() -> Iterator[None]:
    """Let the interpreter switch threads far more often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("policy", POLICIES)
def test_every_value_is_closed_once_or_taken_by_one(policy: str) -> None:
    cache = Cache[int, Door](8, policy=policy, close=True, idle=1e-4)  # type: ignore[arg-type]

    def work(seed: int) -> tuple[list[Door], list[Door]]:
        chance = random.Random(seed)
        made, taken = [], []
        for _ in range(400):
            key = chance.randrange(16)
            match chance.randrange(6):
                case 0 | 1:
                    made.append(Door())
                    cache.put(key, made[-1])
                case 2 | 3:
                    cache.get(key)
                case 4:
                    door = cache.take(key)
                    if door is not None:
                        taken.append(door)
                case _:
                    cache.remove(key)
        return made, taken

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(work, range(8)))
    assert len(cache) <= 8
    cache.close()
    made = [door for results_of_one, _ in results for door in results_of_one]
    taken = [door for _, taken_by_one in results for door in taken_by_one]
    assert len(set(taken)) == len(taken)
    assert [door.closings for door in taken] == [0] * len(taken)
    assert {door.closings for door in set(made) - set(taken)} == {1}
    statistics = cache.statistics()
    assert statistics.puts == len(made)
    assert statistics.taken == len(taken)
