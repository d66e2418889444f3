"""The generics of the runtime utilities, as a type checker sees them; mypy reads this file, nobody runs it.

A `type: ignore` here is a promise: mypy complains when the misuse on that line is no longer refused.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import assert_type

from pytest_memguard.runtime import (
    AsyncCache,
    AsyncPool,
    AsyncRedisTier,
    AsyncScope,
    AsyncTieredCache,
    BufferPool,
    Cache,
    CacheStatistics,
    CircuitBreaker,
    Instrumentation,
    MappedFile,
    Pool,
    RedisTier,
    Scope,
    Shared,
    Sweep,
    TieredCache,
    TieredStatistics,
    Timed,
    cancel_everywhere,
    check_health,
    instrument,
)


class Connection:
    """What is pooled."""

    async def aclose(self) -> None:
        """End it."""


async def connect() -> Connection:
    return Connection()


async def a_pool_for_tasks_lends_what_its_coroutine_makes() -> None:
    async with AsyncPool(connect, maximum=2, check=lambda connection: connection.aclose()) as pool:
        assert_type(pool, AsyncPool[Connection])
        async with pool.acquire(timeout=None) as connection:
            assert_type(connection, Connection)
        lease = await pool.acquire()
        assert_type(lease.value, Connection)
        await lease.release()
    AsyncPool(Connection)  # type: ignore[arg-type]
    AsyncPool(connect, check=lambda connection: connection.missing)  # type: ignore[attr-defined]


def a_pool_can_be_told_its_type(make: Callable[[], sqlite3.Connection]) -> None:
    pool = Pool[sqlite3.Connection](make)
    assert_type(pool.acquire().value, sqlite3.Connection)
    Pool[int](make)  # type: ignore[arg-type]


def a_scope_gives_back_what_it_is_given() -> None:
    with Scope() as scope:
        assert_type(scope.own(sqlite3.connect(":memory:")), sqlite3.Connection)
        assert_type(scope.enter(TemporaryDirectory()), str)
        assert_type(scope.transfer(3), int)
        assert_type(scope.pop_all(), Scope)
        scope.own("a", release=lambda word: word.missing)  # type: ignore[attr-defined]


async def an_asynchronous_scope_does_too() -> None:
    async with AsyncScope() as scope:
        assert_type(scope.own(await connect()), Connection)
        async with asyncio.timeout(1):
            await scope.release(1)


def a_cache_knows_key_and_value() -> None:
    cache = Cache[str, int](max_items=3, on_remove=lambda key, value, cause: (key.upper(), value + 1, cause.name))
    cache.put("a", 1)
    assert_type(cache.get("a"), int | None)
    assert_type(cache.get("a", 0), int)
    assert_type(cache.load("a", len), int)
    assert_type(cache.take("a"), int | None)
    assert_type(cache.items(), list[tuple[str, int]])
    assert_type(cache.statistics(), CacheStatistics)
    cache.put("a", "b")  # type: ignore[arg-type]
    cache.load("a", str.upper)  # type: ignore[arg-type]


async def an_asynchronous_cache_knows_them() -> None:
    async def load(key: str) -> Timed[int]:
        return Timed(len(key), 3.0)

    cache = AsyncCache[str, int](max_items=3)
    assert_type(await cache.load("a", load), int)
    assert_type(await cache.take("a"), int | None)
    async with cache.borrow("a") as value:
        assert_type(value, int)
    await cache.put(1, 1)  # type: ignore[arg-type]


def tiers_hold_what_the_cache_holds(cache: Cache[str, int], tier: RedisTier[int], other: RedisTier[str]) -> None:
    tiered = TieredCache(cache, tier)
    assert_type(tiered, TieredCache[int])
    assert_type(tiered.load("a", len), int)
    assert_type(tiered.statistics(), TieredStatistics)
    wrong: TieredCache[int] = TieredCache(cache, other)  # type: ignore[arg-type]
    wrong.remove("a")


async def asynchronous_tiers_too(cache: AsyncCache[str, int], tier: AsyncRedisTier[int]) -> None:
    tiered = AsyncTieredCache(cache, tier)
    assert_type(await tiered.load("a", lambda key: tier_of(key)), int)


async def tier_of(key: str) -> int:
    return len(key)


def buffers_and_windows_are_views(pool: BufferPool, file: MappedFile) -> None:
    with pool.acquire(1 << 20) as view:
        assert_type(view, memoryview)
    with file.window(0, 10) as part:
        assert_type(part, memoryview)
    for offset, each in file.windows(10):
        assert_type((offset, each), tuple[int, memoryview])


def a_shared_value_keeps_its_type() -> None:
    shared = Shared({"a": 1})
    assert_type(shared.share(), Shared[dict[str, int]])
    assert_type(shared.make_mut(), dict[str, int])
    assert_type(shared.try_unwrap(), dict[str, int])


def a_breaker_keeps_the_signature(breaker: CircuitBreaker) -> None:
    @breaker
    def pay(amount: int) -> str:
        return str(amount)

    assert_type(pay(3), str)
    pay("three")  # type: ignore[arg-type]


def a_sweep_is_of_what_is_made() -> None:
    async def use(pool: AsyncPool[Connection]) -> None:
        async with pool.acquire():
            pass

    assert_type(cancel_everywhere(lambda: AsyncPool(connect), use), Sweep)
    assert_type(check_health().status.name, str)


def what_users_have_is_instrumented(engine: object) -> None:
    with instrument(engine, name="db") as watched:
        assert_type(watched, Instrumentation)
