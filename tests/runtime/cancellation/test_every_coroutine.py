"""Every public coroutine of the runtime is cancelled at each of its awaits: nothing is lost, nothing swallowed.

Which those are is read from the public names, so that a new one without its line here fails.
"""

from __future__ import annotations

import asyncio
import inspect
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

import pytest_memguard.runtime as runtime
from pytest_memguard.runtime import (
    AsyncCache,
    AsyncPool,
    AsyncRedisTier,
    AsyncScope,
    AsyncTieredCache,
    CircuitBreaker,
    MemoryMonitor,
    MemoryReading,
    Timed,
    cancel_everywhere,
    drain,
)
from pytest_memguard.runtime.cancellation.capacity import usable


class Thing:
    """What is pooled, cached or owned; it takes two turns of the loop to close."""

    open = 0

    def __init__(self) -> None:
        Thing.open += 1
        self.closings = 0

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.closings += 1
        assert self.closings == 1, "closed twice"
        Thing.open -= 1


async def connect() -> Thing:
    await asyncio.sleep(0)
    thing = Thing()
    await asyncio.sleep(0)
    return thing


async def turn(_: object = None) -> bool:
    await asyncio.sleep(0)
    return True


@pytest.fixture(autouse=True)
def everything_is_closed() -> Any:
    Thing.open = 0
    yield
    assert Thing.open == 0


# -- what is swept ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """How a coroutine is called, on what; `awaits` is false where there is nothing to be cancelled at."""

    make: Callable[[], Any]
    use: Callable[[Any], Awaitable[object]]
    close: Callable[[Any], object] | None = None
    meanwhile: Callable[[Any], Any] | None = None
    awaits: bool = True


async def warm_pool() -> AsyncPool[Thing]:
    pool = AsyncPool(connect, name="p", maximum=2, minimum=2, check=turn, reset=turn, sweep_every=None)
    await pool.fill()
    return pool


async def stale_pool() -> AsyncPool[Thing]:
    pool = await warm_pool()
    await pool.expire()
    return pool


async def hold(pool: AsyncPool[Thing]) -> None:
    async with pool.acquire():
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def release(pool: AsyncPool[Thing]) -> None:
    await (await pool.acquire()).release()


async def discard(pool: AsyncPool[Thing]) -> None:
    await (await pool.acquire()).discard()


async def lease_block(pool: AsyncPool[Thing]) -> None:
    async with await pool.acquire():
        await asyncio.sleep(0)


async def pool_block(pool: AsyncPool[Thing]) -> None:
    async with pool:
        pass


async def full_cache() -> AsyncCache[int, Thing]:
    cache = AsyncCache[int, Thing](2, close=True, policy="fifo", ttl=60)
    await cache.put(1, await connect())
    await cache.put(2, await connect())
    return cache


async def close_cache(cache: AsyncCache[int, Thing]) -> None:
    await cache.close()
    await cache.settle()


async def put(cache: AsyncCache[int, Thing]) -> None:
    await cache.put(3, Thing())


async def load(cache: AsyncCache[int, Any]) -> None:
    await cache.load(3, lambda _: connect())


async def take(cache: AsyncCache[int, Thing]) -> None:
    thing = await cache.take(1)
    assert thing is not None
    asyncio.get_running_loop().create_task(thing.aclose())  # it is ours, and the cancelled have no time


async def borrow(cache: AsyncCache[int, Thing]) -> None:
    async with cache.borrow(1):
        await asyncio.sleep(0)
        await cache.remove(1)


async def cache_block(cache: AsyncCache[int, Thing]) -> None:
    async with cache:
        await asyncio.sleep(0)


async def settle(cache: AsyncCache[int, Thing]) -> None:
    cache.evict(1.0)
    await cache.settle()


class Store:
    """A tier that awaits."""

    def __init__(self) -> None:
        self.values = {1: "one"}

    async def find(self, key: int) -> Timed[str] | None:
        await asyncio.sleep(0)
        return Timed(self.values[key], None) if key in self.values else None

    async def put(self, key: int, value: str, _: float | None) -> None:
        await asyncio.sleep(0)
        self.values[key] = value
        await asyncio.sleep(0)

    async def remove(self, key: int) -> None:
        await asyncio.sleep(0)
        self.values.pop(key, None)

    @asynccontextmanager
    async def listen(self, _: object) -> AsyncIterator[None]:
        await asyncio.sleep(0)
        try:
            yield
        finally:
            await asyncio.sleep(0)


def tiered() -> AsyncTieredCache[int, str]:
    return AsyncTieredCache(AsyncCache[int, str](10), Store())


async def agrees(cache: AsyncTieredCache[int, str]) -> None:
    """Whatever was cut short, memory does not say otherwise than the tier behind it."""
    await cache.memory.settle()
    (store,) = cache._tiers
    for key, value in cache.memory.items():
        assert store.values.get(key, value) == value  # type: ignore[attr-defined]
    await cache.memory.close()


async def listening(cache: AsyncTieredCache[int, str]) -> None:
    async with cache.listening():
        await asyncio.sleep(0)


async def scope_block(_: object) -> None:
    async with AsyncScope() as scope:
        scope.own(Thing())
        scope.own(Thing())
        await asyncio.sleep(0)


async def scope_close(_: object) -> None:
    scope = AsyncScope()
    scope.own(Thing())
    await scope.aclose()


async def scope_release(_: object) -> None:
    async with AsyncScope() as scope:
        await scope.release(scope.own(Thing()))


@asynccontextmanager
async def opened() -> AsyncIterator[Thing]:
    thing = Thing()
    try:
        await asyncio.sleep(0)
        yield thing
    finally:
        await asyncio.shield(asyncio.ensure_future(thing.aclose()))


async def scope_enter(_: object) -> None:
    async with AsyncScope() as scope:
        await scope.enter_async(opened())


async def draining(_: object) -> None:
    scope = AsyncScope()
    scope.own(Thing())
    closing = asyncio.ensure_future(scope.aclose())
    await asyncio.sleep(0)
    try:
        await drain()
    finally:
        if not closing.done():
            await asyncio.wait((closing,))


async def watch(monitor: MemoryMonitor) -> None:
    turns = 0

    class Enough(Exception):
        """Nobody else ends it."""

    async def nap(_: float) -> None:
        nonlocal turns
        turns += 1
        if turns > 3:
            raise Enough
        await asyncio.sleep(0)

    with suppress(Enough):
        await monitor.run(1.0, sleep=nap)


async def call(breaker: CircuitBreaker) -> None:
    await breaker(turn)()


async def attempt(breaker: CircuitBreaker) -> None:
    async with breaker.attempt():
        await asyncio.sleep(0)


def monitor() -> MemoryMonitor:
    return MemoryMonitor(name="m", reader=lambda: MemoryReading(1, 0, 1, 100, "test"))


def nothing(_: object) -> None:
    """Nothing to close."""


CASES: dict[str, Case] = {
    "AsyncPool.acquire": Case(warm_pool, hold, meanwhile=hold),
    "AsyncPool.fill": Case(stale_pool, lambda pool: pool.fill(), meanwhile=hold),
    "AsyncPool.sweep": Case(stale_pool, lambda pool: pool.sweep(), meanwhile=hold),
    "AsyncPool.expire": Case(warm_pool, lambda pool: pool.expire(), meanwhile=hold),
    "AsyncPool.resize": Case(warm_pool, lambda pool: pool.resize(1, 1)),
    "AsyncPool.drain": Case(warm_pool, lambda pool: pool.drain(), meanwhile=hold),
    "AsyncPool.close": Case(warm_pool, lambda pool: pool.close()),
    "AsyncPool in async with": Case(warm_pool, pool_block),
    "AsyncLease.release": Case(warm_pool, release),
    "AsyncLease.discard": Case(warm_pool, discard),
    "AsyncLease in async with": Case(warm_pool, lease_block),
    "AsyncCache.put": Case(full_cache, put, close_cache),
    "AsyncCache.load": Case(full_cache, load, close_cache),
    "AsyncCache.renew": Case(full_cache, lambda cache: cache.renew(1, lambda _: connect()), close_cache),
    "AsyncCache.borrow": Case(full_cache, borrow, close_cache),
    "AsyncCache.take": Case(full_cache, take, close_cache, awaits=False),
    "AsyncCache.remove": Case(full_cache, lambda cache: cache.remove(1), close_cache),
    "AsyncCache.expire": Case(full_cache, lambda cache: cache.expire(), close_cache, awaits=False),
    "AsyncCache.settle": Case(full_cache, settle, close_cache),
    "AsyncCache.clear": Case(full_cache, lambda cache: cache.clear(), close_cache),
    "AsyncCache.close": Case(full_cache, lambda cache: cache.close(), close_cache),
    "AsyncCache in async with": Case(full_cache, cache_block, close_cache),
    "AsyncTieredCache.get": Case(tiered, lambda cache: cache.get(1), agrees),
    "AsyncTieredCache.find": Case(tiered, lambda cache: cache.find(1), agrees),
    "AsyncTieredCache.load": Case(tiered, lambda cache: cache.load(2, lambda _: turn()), agrees),
    "AsyncTieredCache.put": Case(tiered, lambda cache: cache.put(1, "uno"), agrees),
    "AsyncTieredCache.fill": Case(tiered, lambda cache: cache.fill(1, "one", None), agrees),
    "AsyncTieredCache.remove": Case(tiered, lambda cache: cache.remove(1), agrees),
    "AsyncTieredCache.forget": Case(tiered, lambda cache: cache.forget(1), agrees, awaits=False),
    "AsyncTieredCache.listening": Case(tiered, listening, agrees),
    "AsyncScope.aclose": Case(object, scope_close, nothing),
    "AsyncScope.release": Case(object, scope_release, nothing),
    "AsyncScope.enter_async": Case(object, scope_enter, nothing),
    "AsyncScope in async with": Case(object, scope_block, nothing),
    "MemoryMonitor.run": Case(monitor, watch, nothing),
    "CircuitBreaker.attempt": Case(lambda: CircuitBreaker("b"), attempt, nothing),
    "CircuitBreaker.__call__": Case(lambda: CircuitBreaker("b"), call, nothing),
    "drain": Case(object, draining, nothing),
}

BY_REDIS: dict[str, Callable[[AsyncRedisTier[str]], Awaitable[object]]] = {
    "AsyncRedisTier.find": lambda tier: tier.find("k"),
    "AsyncRedisTier.put": lambda tier: tier.put("k", "v"),
    "AsyncRedisTier.fill": lambda tier: tier.fill("k", "v", None),
    "AsyncRedisTier.remove": lambda tier: tier.remove("k"),
    "AsyncRedisTier.listen": lambda tier: _listen(tier),
}


async def _listen(tier: AsyncRedisTier[str]) -> None:
    async with tier.listen(turn):
        await asyncio.sleep(0)


@pytest.mark.parametrize("double", [False, True], ids=["once", "twice"])
@pytest.mark.parametrize("name", CASES)
def test_it_can_be_cancelled_at_any_await(name: str, double: bool) -> None:
    case = CASES[name]

    async def use(subject: Any) -> None:
        await case.use(subject)

    capacity = usable if case.make in (warm_pool, stale_pool) and "close" not in name and "with" not in name else None
    sweep = cancel_everywhere(
        case.make, use, capacity=capacity, close=case.close, meanwhile=case.meanwhile, double=double
    )

    assert (sweep.lost, sweep.swallowed, sweep.problems) == (0, 0, ())
    assert bool(sweep.trials) == case.awaits


# -- what is to be swept ---------------------------------------------------------------------------------------------


def awaited(function: Any) -> bool:
    """Whether calling it gives something to await or to enter with `async with`."""
    inner = inspect.unwrap(function)
    if inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner):
        return True
    said = getattr(inner, "__annotations__", {}).get("return")
    made = getattr(sys.modules[inner.__module__], str(said).partition("[")[0], None) if said else None
    if not isinstance(made, type) or made.__name__ in runtime.__all__:  # a utility: it has its own cases
        return False
    return hasattr(made, "__await__") or hasattr(made, "__aenter__")


def of_class(cls: type) -> set[str]:
    # What leases call is not for others, and says so.
    names = {
        name
        for name, value in inspect.getmembers(cls, inspect.isfunction)
        if name[0] != "_" and "not for others" not in (value.__doc__ or "") and awaited(value)
    }
    found = {f"{cls.__name__}.{name}" for name in names}
    return found | ({f"{cls.__name__} in async with"} if hasattr(cls, "__aenter__") else set())


def test_every_public_coroutine_has_its_case() -> None:
    public = {name: getattr(runtime, name) for name in runtime.__all__}
    found = {name for name, value in public.items() if inspect.isfunction(value) and awaited(value)}
    for value in public.values():
        if isinstance(value, type):
            found |= of_class(value)

    assert found | {"CircuitBreaker.__call__"} == {*CASES, *BY_REDIS}


def test_a_new_coroutine_would_be_missed() -> None:
    class Novelty(AsyncPool[Thing]):
        async def warm(self) -> None:
            """Is public and awaits."""

    assert of_class(Novelty) - {name.replace("AsyncPool", "Novelty") for name in CASES} == {"Novelty.warm"}


@pytest.mark.parametrize("name", BY_REDIS)
def test_a_tier_on_redis_can_be_cancelled_at_any_await(name: str, redis_port: int) -> None:
    redis = pytest.importorskip("redis.asyncio")
    prefix = f"memguard-test-{secrets.token_hex(6)}"

    async def make() -> AsyncRedisTier[str]:
        client = redis.Redis(port=redis_port)
        await client.ping()
        return AsyncRedisTier(client, prefix=prefix)

    async def close(tier: AsyncRedisTier[str]) -> None:
        await tier._client.delete(f"{prefix}:k")
        await tier._client.aclose()

    async def use(tier: AsyncRedisTier[str]) -> None:
        await BY_REDIS[name](tier)

    sweep = cancel_everywhere(make, use, capacity=None, close=close)

    assert sweep.problems == ()
    assert sweep.trials
