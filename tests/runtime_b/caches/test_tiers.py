"""A tiered cache reads from the first tier that knows and writes to all; Redis is the real one."""

from __future__ import annotations

import asyncio
import secrets
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from pytest_memguard.runtime.caches import (
    MISSING,
    AsyncCache,
    AsyncRedisTier,
    AsyncTieredCache,
    Cache,
    RedisTier,
    TieredCache,
    Timed,
)

redis = pytest.importorskip("redis")


class Store:
    """A durable tier: a dictionary that notes what was asked of it."""

    def __init__(self, **values: Any) -> None:
        self.values = values
        self.asked: list[str] = []
        self.broken = False

    def find(self, key: str) -> Timed[Any] | None:
        self.asked.append(f"find {key}")
        return Timed(self.values[key], None) if key in self.values else None

    def put(self, key: str, value: Any, ttl: float | None) -> None:
        if self.broken:
            raise OSError("the disk is full")
        self.asked.append(f"put {key} for {ttl}")
        self.values[key] = value

    def remove(self, key: str) -> None:
        self.asked.append(f"remove {key}")
        self.values.pop(key, None)


class AsyncStore:
    """The same, awaited; a write waits for the gate."""

    def __init__(self, **values: Any) -> None:
        self.store = Store(**values)
        self.gate = asyncio.Event()
        self.gate.set()

    async def find(self, key: str) -> Timed[Any] | None:
        return self.store.find(key)

    async def put(self, key: str, value: Any, ttl: float | None) -> None:
        await self.gate.wait()
        self.store.put(key, value, ttl)

    async def remove(self, key: str) -> None:
        self.store.remove(key)


@pytest.fixture
def prefix() -> str:
    return f"memguard-test-{secrets.token_hex(6)}"


@pytest.fixture
def client(redis_port: int, prefix: str) -> Iterator[Any]:
    with redis.Redis(port=redis_port, client_name=prefix) as client:
        yield client
        for key in client.scan_iter(f"{prefix}:*"):
            client.delete(key)


@pytest_asyncio.fixture
async def async_client(redis_port: int, client: Any) -> AsyncIterator[Any]:
    from redis.asyncio import Redis

    assert client.ping()  # its fixture removes the keys
    async with Redis(port=redis_port) as async_client:
        yield async_client


def memory(**options: Any) -> Cache[str, Any]:
    return Cache(100, **options)


def test_a_value_is_found_in_the_last_tier_and_kept_in_all_before(client: Any, prefix: str) -> None:
    store, tier = Store(ada={"age": 36}), RedisTier[Any](client, prefix=prefix)
    cache = TieredCache(memory(), tier, store)
    assert cache.get("ada") == {"age": 36}
    assert tier.find("ada") == Timed({"age": 36}, None)
    assert cache.get("ada") == {"age": 36}
    assert store.asked == ["find ada"]


def test_a_write_goes_through_to_every_tier(client: Any, prefix: str) -> None:
    store = Store()
    cache = TieredCache(memory(), RedisTier[Any](client, prefix=prefix), store)
    cache.put("ada", [1, 2])
    assert client.get(f"{prefix}:ada") == b"[1,2]"
    assert store.values == {"ada": [1, 2]}
    assert cache.memory.peek("ada") == [1, 2]


def test_what_is_removed_is_gone_from_every_tier(client: Any, prefix: str) -> None:
    store = Store()
    cache = TieredCache(memory(), RedisTier[Any](client, prefix=prefix), store)
    cache.put("ada", 1)
    cache.remove("ada")
    assert client.get(f"{prefix}:ada") is None
    assert cache.get("ada", None) is None
    assert store.values == {}


def test_a_key_that_no_tier_has_is_missing_and_not_kept() -> None:
    cache = TieredCache(memory(), Store())
    assert cache.get("ada") is MISSING
    assert cache.get("ada", 7) == 7
    assert len(cache.memory) == 0


def test_what_could_not_be_stored_is_not_read_from_memory() -> None:
    store = Store(ada=1)
    cache = TieredCache(memory(), store)
    assert cache.get("ada") == 1
    store.broken = True
    with pytest.raises(OSError, match="disk is full"):
        cache.put("ada", 2)
    assert cache.get("ada") == 1


def test_what_is_found_behind_never_overwrites_what_was_written_before_it_meanwhile(client: Any, prefix: str) -> None:
    tier = RedisTier[Any](client, prefix=prefix)

    class Slow(Store):
        def find(self, key: str) -> Timed[Any] | None:
            tier.put(key, "newer", 50)
            return super().find(key)

    TieredCache(memory(), tier, Slow(ada="old")).get("ada")
    assert tier.find("ada") is not None
    assert tier.find("ada").value == "newer"  # type: ignore[union-attr]


def test_a_tier_of_memory_keeps_what_was_found_behind_it() -> None:
    middle = TieredCache(memory())
    front = TieredCache(memory(), middle, Store(ada=1))
    assert front.get("ada") == 1
    assert middle.memory.peek("ada") == 1


def test_a_value_that_others_overwrite_while_it_is_written_is_not_kept_in_memory() -> None:
    class Raced(Store):
        def put(self, key: str, value: Any, ttl: float | None) -> None:
            super().put(key, value, ttl)
            self.values[key] = "theirs"
            cache.forget(key)  # their word of it arrives before our write has returned

    cache = TieredCache(memory(), Raced())
    cache.put("ada", "ours")
    assert cache.get("ada") == "theirs"


def test_a_loaded_value_is_stored_in_every_tier_and_loaded_once(client: Any, prefix: str) -> None:
    store = Store()
    cache = TieredCache(memory(), RedisTier[Any](client, prefix=prefix), store)
    loads: list[str] = []

    def load(key: str) -> str:
        loads.append(key)
        return key.upper()

    assert cache.load("ada", load) == cache.load("ada", load) == "ADA"
    cache.memory.clear()
    assert cache.load("ada", load) == "ADA"
    assert loads == ["ada"]
    assert store.values == {"ada": "ADA"}


def test_memory_never_keeps_a_value_longer_than_the_tier_that_it_came_from(client: Any, prefix: str) -> None:
    tier = RedisTier[Any](client, prefix=prefix, ttl=50)
    tier.put("ada", 1)
    cache = TieredCache(memory(), tier)
    cache.get("ada")
    remaining = cache.memory.remaining("ada")
    assert remaining is not None
    assert 40 < remaining <= 50
    short = TieredCache(memory(ttl=5), tier)
    short.get("ada")
    assert short.memory.remaining("ada") <= 5  # type: ignore[operator]


def test_a_tier_of_memory_hands_its_remaining_time_on() -> None:
    now = [0.0]
    behind = TieredCache(memory(ttl=10, clock=lambda: now[0]))
    front = TieredCache(memory(clock=lambda: now[0]), behind)
    front.put("ada", 1)
    front.memory.clear()
    now[0] = 7
    assert front.get("ada") == 1
    now[0] = 10
    assert front.get("ada") is MISSING


def test_keys_of_redis_are_text(client: Any, prefix: str) -> None:
    with pytest.raises(TypeError, match="Redis keys are text; 1 is int"):
        RedisTier[Any](client, prefix=prefix).put(1, "one")  # type: ignore[arg-type]


class Heard:
    """Notes which keys are forgotten, and lets a test wait for one."""

    def __init__(self, cache: Any) -> None:
        self.cache = cache
        self.keys: list[str | None] = []
        self.changed = threading.Condition()

    def __call__(self, key: str | None) -> None:
        self.cache.forget(key)
        with self.changed:
            self.keys.append(key)
            self.changed.notify_all()

    def wait_for(self, key: str | None, times: int = 1) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.keys.count(key) >= times, 10)


def test_another_process_drops_its_copy_when_a_value_changes(client: Any, prefix: str) -> None:
    ours = TieredCache(memory(), RedisTier[Any](client, prefix=prefix))
    tier = RedisTier[Any](client, prefix=prefix)
    theirs = TieredCache(memory(), tier)
    heard = Heard(theirs)
    with tier.listen(heard):
        ours.put("ada", 1)
        heard.wait_for("ada")
        assert theirs.get("ada") == 1
        ours.put("ada", 2)
        heard.wait_for("ada", 2)
        assert theirs.get("ada") == 2
        ours.remove("ada")
        heard.wait_for("ada", 3)
        assert theirs.get("ada") is MISSING


def test_a_process_does_not_drop_its_own_copy(client: Any, prefix: str) -> None:
    tier, other = RedisTier[Any](client, prefix=prefix), RedisTier[Any](client, prefix=prefix)
    cache = TieredCache(memory(), tier)
    heard = Heard(cache)
    with tier.listen(heard):
        heard.wait_for(None)
        cache.put("ada", 1)
        other.put("bob", 1)
        heard.wait_for("bob")
    assert heard.keys == [None, "bob"]
    assert cache.memory.peek("ada") == 1


def test_listening_through_the_cache_drops_what_was_there_before_it_listened(client: Any, prefix: str) -> None:
    cache = TieredCache(memory(), RedisTier[Any](client, prefix=prefix), Store())
    cache.memory.put("ada", "stale")
    with cache.listening():
        assert "ada" not in cache.memory


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_after_a_broken_connection_everything_is_forgotten(client: Any, prefix: str) -> None:
    """News may have been missed in between; redis-py reconnects by itself and says nothing."""
    tier = RedisTier[Any](client, prefix=prefix)
    cache = TieredCache(memory(), tier)
    heard = Heard(cache)
    with tier.listen(heard):
        heard.wait_for(None)
        cache.put("ada", 1)
        for connection in client.client_list(_type="pubsub"):
            if connection["name"] == prefix:
                client.client_kill_filter(_id=connection["id"])
        heard.wait_for(None, 2)
    assert "ada" not in cache.memory


class Unreachable:
    """A client whose subscriptions fail."""

    def pubsub(self) -> Any:
        raise ConnectionError("no route to Redis")


def test_a_tier_that_cannot_listen_says_so_and_has_everything_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[Any] = []
    heard = Heard(TieredCache(memory()))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", reported.append)
        with RedisTier[Any](Unreachable(), prefix="p").listen(heard):
            heard.wait_for(None)
    assert str(reported[0].exc_value) == "no route to Redis"
    assert "while <RedisTier 'p'> listened; it tries again in 1 s" in reported[0].err_msg


@pytest.mark.asyncio
async def test_an_asynchronous_tier_that_cannot_listen_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[Any] = []
    forgotten = asyncio.Event()

    async def forget(_: str | None) -> None:
        forgotten.set()

    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", reported.append)
        patch.setattr("pytest_memguard.runtime.caches.redis_tier._RETRY", 0.01)
        async with AsyncRedisTier[Any](Unreachable(), prefix="p").listen(forget):
            await asyncio.wait_for(forgotten.wait(), 10)
    assert str(reported[0].exc_value) == "no route to Redis"


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_the_asynchronous_cache_reads_writes_and_removes_through_all_tiers(
    async_client: Any, prefix: str
) -> None:
    store = AsyncStore(ada=1)
    async with AsyncCache[str, Any](100) as first:
        cache = AsyncTieredCache(first, AsyncRedisTier[Any](async_client, prefix=prefix, ttl=50), store)
        assert await cache.get("ada") == 1
        assert await async_client.get(f"{prefix}:ada") == b"1"
        middle = AsyncTieredCache(first)
        await middle.fill("ada", "not taken", None)
        await middle.fill("eve", 3, 50)
        assert (first.peek("ada"), first.peek("eve")) == (1, 3)
        await cache.put("bob", 2)
        assert store.store.values == {"ada": 1, "bob": 2}
        await first.clear()
        assert await cache.get("bob") == 2
        assert 40 < (first.remaining("bob") or 0) <= 50
        await cache.remove("bob")
        assert await cache.get("bob", None) is None


@pytest.mark.asyncio
async def test_many_tasks_load_once_into_all_tiers(async_client: Any, prefix: str) -> None:
    loads: list[str] = []

    async def load(key: str) -> str:
        loads.append(key)
        await turns()
        return key.upper()

    async with AsyncCache[str, Any](100) as first:
        cache = AsyncTieredCache(first, AsyncRedisTier[Any](async_client, prefix=prefix))
        assert await asyncio.gather(*(cache.load("ada", load) for _ in range(8))) == ["ADA"] * 8
        assert loads == ["ada"]
        assert await async_client.get(f"{prefix}:ada") == b'"ADA"'


@pytest.mark.asyncio
async def test_a_value_overwritten_while_it_is_awaited_is_not_kept_in_memory() -> None:
    store = AsyncStore()
    async with AsyncCache[str, Any](100) as first:
        cache = AsyncTieredCache(first, store)
        store.gate.clear()
        writer = asyncio.create_task(cache.put("ada", "ours"))
        await turns()
        await cache.forget("ada")
        store.gate.set()
        await writer
        assert "ada" not in first
        assert await cache.get("ada") == "ours"


@pytest.mark.asyncio
async def test_a_cancelled_write_is_not_read_from_memory() -> None:
    store = AsyncStore(ada=1)
    async with AsyncCache[str, Any](100) as first:
        cache = AsyncTieredCache(first, store)
        assert await cache.get("ada") == 1
        store.gate.clear()
        writer = asyncio.create_task(cache.put("ada", 2))
        await turns()
        writer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer
        assert "ada" not in first


@pytest.mark.asyncio
async def test_another_loop_drops_its_copy_when_a_value_changes(async_client: Any, prefix: str) -> None:
    async with AsyncCache[str, Any](100) as first:
        tier = AsyncRedisTier[Any](async_client, prefix=prefix)
        cache = AsyncTieredCache(first, tier)
        heard: asyncio.Queue[str | None] = asyncio.Queue()

        async def forget(key: str | None) -> None:
            await cache.forget(key)
            heard.put_nowait(key)

        async with tier.listen(forget):
            assert await asyncio.wait_for(heard.get(), 10) is None
            await cache.put("ada", 1)
            await AsyncRedisTier[Any](async_client, prefix=prefix).put("ada", 2)
            assert await asyncio.wait_for(heard.get(), 10) == "ada"
            assert await cache.get("ada") == 2
        async with cache.listening():
            assert "ada" not in first
