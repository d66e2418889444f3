"""The cache on cachebox does what Cache does, as far as it goes."""

from __future__ import annotations

import gc
import random
import weakref
from collections import Counter
from typing import Any, Literal

import pytest

from pytest_memguard.runtime.caches import Cache, Cause

pytest.importorskip("cachebox")

from pytest_memguard.runtime.caches import FastCache


class Door:
    def __init__(self) -> None:
        self.closings = 0

    def close(self) -> None:
        self.closings += 1


@pytest.mark.parametrize("policy", ["lru", "fifo"])
def test_it_holds_what_cache_holds(policy: Literal["lru", "fifo"]) -> None:
    chance = random.Random(policy)
    heard: dict[str, list[tuple[int, int, Cause]]] = {"plain": [], "fast": []}
    plain = Cache[int, int](5, policy=policy, on_remove=lambda *removal: heard["plain"].append(removal))
    fast = FastCache[int, int](5, policy=policy, on_remove=lambda *removal: heard["fast"].append(removal))
    for turn in range(4000):
        key = chance.randrange(9)
        match chance.randrange(8):
            case 0 | 1 | 2:
                plain.put(key, turn)
                fast.put(key, turn)
            case 3 | 4:
                assert plain.get(key) == fast.get(key)
            case 5:
                assert plain.take(key) == fast.take(key)
            case 6:
                assert plain.remove(key) == fast.remove(key)
            case _:
                assert plain.peek(key) == fast.peek(key)
                assert (key in plain) is (key in fast)
        assert dict(plain.items()) == dict(fast.items())
    assert heard["plain"] == heard["fast"]
    plain_statistics, fast_statistics = plain.statistics(), fast.statistics()
    assert plain_statistics == fast_statistics
    assert plain.evict(0.5) == fast.evict(0.5)
    assert len(plain) == len(fast)
    plain.clear()
    fast.clear()
    assert Counter(heard["plain"]) == Counter(heard["fast"])


def test_by_frequency_it_evicts_one_of_the_least_frequent() -> None:
    chance = random.Random(7)
    hits: dict[int, int] = {}
    evicted: list[int] = []
    cache = FastCache[int, int](5, policy="lfu", on_remove=lambda key, _, __: evicted.append(key))
    for _ in range(3000):
        key = chance.randrange(9)
        if cache.get(key) is None:
            cache.put(key, key)
            if evicted:
                gone = evicted.pop()
                assert hits[gone] == min(hits.values())
                del hits[gone]
            hits[key] = 0
        else:
            hits[key] += 1
    assert cache.statistics().evicted > 100


def test_values_are_closed_once() -> None:
    doors = [Door() for _ in range(6)]
    with FastCache[int, Door](2, close=True) as cache:
        cache.put(0, doors[0])
        cache.put(0, doors[1])
        cache.put(1, doors[2])
        with cache.borrow(1) as borrowed:
            cache.put(2, doors[3])
            cache.put(3, doors[4])
            assert borrowed.closings == 0
        assert doors[2].closings == 1
        assert cache.take(3) is doors[4]
        cache.put(4, doors[5])
        cache.put(5, doors[5])
    assert [door.closings for door in doors] == [1, 1, 1, 1, 0, 1]
    assert cache.statistics().failed_releases == 0


def test_it_loads_once_and_keeps_nothing_stale() -> None:
    cache = FastCache[str, str](5)

    def load(key: str) -> str:
        cache.put(key, "newer")
        return "stale"

    assert cache.load("k", load) == "stale"
    assert cache.load("k", load) == "newer"
    assert cache.statistics().loads == 1


def test_what_it_cannot_do_is_refused_with_the_cure() -> None:
    with pytest.raises(ValueError, match="use Cache for others"):
        FastCache(5, policy="sieve")  # type: ignore[arg-type]
    cache = FastCache[str, int](5)
    for options in ({"ttl": 1.0}, {"idle": 1.0}, {"priority": 1.0}):
        with pytest.raises(ValueError, match="use Cache for them"):
            cache.put("k", 1, **options)
    with pytest.raises(ValueError, match="from 0 to 1"):
        cache.evict(2)
    assert cache.remaining("k") is None


def test_the_collector_sees_into_it() -> None:
    class Value:
        cache: Any = None

    value = Value()
    value.cache = cache = FastCache[int, Value](5)
    cache.put(1, value)
    watched = weakref.ref(value)
    del cache, value
    gc.collect()
    assert watched() is None


def test_a_dropped_one_closes_its_values_and_warns() -> None:
    door = Door()
    cache = FastCache[int, Door](9, close=True, name="doors")
    cache.put(1, door)
    with pytest.warns(ResourceWarning, match="FastCache 'doors' was dropped with 1 values"):
        del cache
    assert door.closings == 1
