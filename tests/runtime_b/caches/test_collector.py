"""The collector sees what a cache holds: nothing can hide in it."""

from __future__ import annotations

import gc
import weakref

import pytest

from pytest_memguard.runtime.caches import Cache
from pytest_memguard.runtime.caches.policies import POLICIES


class Value:
    cache: object = None


@pytest.mark.parametrize("policy", POLICIES)
def test_a_value_that_refers_to_its_cache_is_collected(policy: str) -> None:
    cache = Cache[int, Value](3, policy=policy, ttl=60)  # type: ignore[arg-type]
    for key in range(5):
        value = Value()
        value.cache = cache
        cache.put(key, value)
        cache.get(key)
    watched = weakref.ref(value)
    del cache, value
    gc.collect()
    assert watched() is None


@pytest.mark.parametrize("policy", POLICIES)
def test_what_has_left_is_held_by_nothing(policy: str) -> None:
    cache = Cache[int, Value](3, policy=policy, ttl=60, idle=30)  # type: ignore[arg-type]
    alive: weakref.WeakSet[Value] = weakref.WeakSet()
    gc.disable()
    try:
        for key in range(50):
            value = Value()
            alive.add(value)
            cache.put(key, value)
            cache.get(key)
            del value
        assert len(alive) == 3
        cache.clear()
        assert len(alive) == 0
    finally:
        gc.enable()


def test_putting_one_key_for_ever_keeps_no_history() -> None:
    cache = Cache[int, int](3, ttl=3600, policy="priority")
    for turn in range(5000):
        cache.put(1, turn, priority=turn)
    heap = cache._alarms._heap
    assert len(heap) == 1
    assert len(heap._tickets) < 100


@pytest.mark.parametrize("policy", POLICIES)
def test_a_finalizer_may_use_the_cache_that_let_its_object_go(policy: str) -> None:
    cache = Cache[int, object](3, policy=policy)  # type: ignore[arg-type]

    class Last:
        def __init__(self, key: int) -> None:
            self.key = key

        def __del__(self) -> None:
            cache.remove(self.key)
            cache.get(self.key + 1)

    for key in range(200):
        cache.put(key % 7, Last(key % 7))
    assert len(cache) <= 3
    statistics = cache.statistics()
    assert statistics.puts == statistics.items + statistics.replaced + statistics.evicted + statistics.removed
    cache.clear()
    assert len(cache) == 0
