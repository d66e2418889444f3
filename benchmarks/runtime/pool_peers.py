"""Pools of other libraries behind one face: a sync or async function that acquires, and one that releases.

Each has ten trivial resources (a real PostgreSQL connection where the library takes nothing else).
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from benchmarks.runtime.rows import peer
from pytest_memguard.runtime import AsyncPool, Pool

MAXIMUM = 10
OURS = "memguard Pool (8-frame origin)"
OURS_ASYNC = "memguard AsyncPool (8-frame origin)"
DSN = "host=127.0.0.1 port=5432 dbname=test user=root"
URL = "postgresql://root@127.0.0.1:5432/test"


class Resource:
    """What is pooled: nothing, with the methods that some libraries call."""

    def close(self) -> None:
        """Do nothing."""

    def rollback(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Sync:
    """A pool for threads."""

    name: str
    acquire: Callable[[], Any]
    release: Callable[[Any], Any]
    code: str = "release(acquire())"
    """One round as its users write it."""


@dataclass(frozen=True)
class Async:
    """A pool for tasks."""

    name: str
    acquire: Callable[[], Awaitable[Any]]
    release: Callable[[Any], Awaitable[Any] | None]


def floor() -> Sync:
    """A lock and a list: the least that any pool for threads does."""
    lock = threading.Lock()
    resources = [Resource() for _ in range(MAXIMUM)]

    def acquire() -> Resource:
        with lock:
            return resources.pop()

    def release(resource: Resource) -> None:
        with lock:
            resources.append(resource)

    return Sync("a lock and a list: the floor", acquire, release)


def sync_pools(stack: ExitStack) -> Iterator[Sync]:
    """Every pool for threads that is installed, ours first; the stack closes them."""
    ours = stack.enter_context(Pool(Resource, name="ours", maximum=MAXIMUM, timeout=None))
    yield Sync(OURS, ours.acquire, lambda lease: lease.release(), "acquire().release()")
    fifo: queue.LifoQueue[Resource] = queue.LifoQueue()
    for _ in range(MAXIMUM):
        fifo.put(Resource())
    yield Sync("queue.LifoQueue", fifo.get, fifo.put)
    if sqlalchemy := peer("sqlalchemy.pool"):
        alchemy = sqlalchemy.QueuePool(Resource, pool_size=MAXIMUM, max_overflow=0, timeout=600)
        stack.callback(alchemy.dispose)
        yield Sync("SQLAlchemy QueuePool", alchemy.connect, lambda held: held.close(), "acquire().close()")
    if psycopg_pool := peer("psycopg_pool"):
        with suppress(OSError):
            postgres = stack.enter_context(
                psycopg_pool.ConnectionPool(DSN, min_size=MAXIMUM, max_size=MAXIMUM, timeout=600, open=True)
            )
            postgres.wait()
            yield Sync("psycopg_pool (PostgreSQL)", postgres.getconn, postgres.putconn)
    if urllib3 := peer("urllib3"):
        web = urllib3.HTTPConnectionPool("127.0.0.1", maxsize=MAXIMUM, block=True)
        stack.callback(web.close)
        yield Sync("urllib3", web._get_conn, web._put_conn)
    if generic := peer("generic_connection_pool.threading"):

        class Manager(generic.BaseConnectionManager):  # type: ignore[misc, name-defined]
            def create(self, *_: Any, **__: Any) -> Any:
                return Resource()

            def dispose(self, *_: Any, **__: Any) -> None:
                pass

        other = generic.ConnectionPool(Manager(), max_size=MAXIMUM, total_max_size=MAXIMUM)
        stack.callback(other.close)
        yield Sync("generic-connection-pool", lambda: other.acquire("x"), lambda conn: other.release(conn, "x"))


async def async_pools(stack: AsyncExitStack) -> AsyncIterator[Async]:
    """Every pool for tasks that is installed, ours first; the stack closes them."""

    async def connect() -> Resource:
        return Resource()

    ours = await stack.enter_async_context(AsyncPool(connect, name="ours", maximum=MAXIMUM, timeout=None))
    yield Async(OURS_ASYNC, ours.acquire, lambda lease: lease.release())
    lifo: asyncio.LifoQueue[Resource] = asyncio.LifoQueue()
    for _ in range(MAXIMUM):
        lifo.put_nowait(Resource())
    yield Async("asyncio.LifoQueue", lifo.get, lifo.put)
    if anyio := peer("anyio"):
        limiter = anyio.CapacityLimiter(MAXIMUM)

        async def acquire() -> object:
            borrower = object()
            await limiter.acquire_on_behalf_of(borrower)
            return borrower

        yield Async("anyio.CapacityLimiter", acquire, lambda borrower: limiter.release_on_behalf_of(borrower))
    if psycopg_pool := peer("psycopg_pool"):
        with suppress(OSError):
            postgres = psycopg_pool.AsyncConnectionPool(
                DSN, min_size=MAXIMUM, max_size=MAXIMUM, timeout=600, open=False
            )
            await postgres.open(wait=True)
            stack.push_async_callback(postgres.close)
            yield Async("psycopg_pool async (PostgreSQL)", postgres.getconn, postgres.putconn)
    if asyncpg := peer("asyncpg"):
        with suppress(OSError):
            pool = await asyncpg.create_pool(URL, min_size=MAXIMUM, max_size=MAXIMUM)
            stack.push_async_callback(pool.close)
            yield Async("asyncpg (PostgreSQL, default reset)", pool.acquire, pool.release)
    if generic := peer("generic_connection_pool.asyncio"):

        class Manager(generic.BaseConnectionManager):  # type: ignore[misc, name-defined]
            async def create(self, *_: Any, **__: Any) -> Any:
                return Resource()

            async def dispose(self, *_: Any, **__: Any) -> None:
                pass

        other = generic.ConnectionPool(Manager(), max_size=MAXIMUM, total_max_size=MAXIMUM)
        stack.push_async_callback(other.close)
        yield Async("generic-connection-pool", lambda: other.acquire("x"), lambda conn: other.release(conn, "x"))
