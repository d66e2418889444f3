"""`cancel_everywhere` on pools: how many cancellations cost a slot for ever, or have no effect.

python -m benchmarks.runtime cancellation
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from benchmarks.runtime.pool_peers import DSN, URL
from benchmarks.runtime.rows import figure, peer, print_table
from pytest_memguard.runtime import AsyncPool, Sweep, cancel_everywhere
from pytest_memguard.runtime.cancellation.capacity import slots, usable


class Connection:
    """Opened and closed over a turn of the loop each."""

    async def aclose(self) -> None:
        """Take a turn."""
        await asyncio.sleep(0)


async def connect() -> Connection:
    """Take two turns."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return Connection()


async def alive(_: object) -> bool:
    """Take a turn."""
    await asyncio.sleep(0)
    return True


def main(quick: bool = False) -> None:  # noqa: ARG001  # every table takes it; this one is quick
    """Print one table."""
    logging.disable(logging.CRITICAL)
    rows: list[tuple[Any, ...]] = []
    for name, make, use, capacity in subjects():
        cold = cancel_everywhere(make, use, capacity=capacity, patience=0.5, complain=False)
        waiting = cancel_everywhere(make, use, capacity=capacity, meanwhile=hold(use), patience=0.5, complain=False)
        rows.append((name, *_cells(cold), *_cells(waiting)))
    print_table(
        "cancelled at each await (aim: 0): empty pool, then a full one with a queue",
        ("", "trials", "slots lost", "swallowed", "trials", "slots lost", "swallowed"),
        rows,
    )
    logging.disable(logging.NOTSET)
    lost = {row[0]: (row[2] + row[5], row[3] + row[6], row[1] + row[4]) for row in rows}
    ours, swallowed, trials = lost.pop("memguard AsyncPool")
    figure(
        "AsyncPool",
        "slots lost, and cancellations swallowed, over every await",
        "0 and 0",
        f"{ours} and {swallowed} of {trials}",
        ours == swallowed == 0,
        ", ".join(f"{name} {gone} and {eaten} of {tried}" for name, (gone, eaten, tried) in lost.items()),
    )


def _cells(sweep: Sweep) -> tuple[int, int, int]:
    return len(sweep.trials), sweep.lost, sweep.swallowed


def hold(use: Any) -> Any:
    """Two borrowers before, so that the one that is cancelled has to wait."""

    async def others(pool: Any) -> None:
        await asyncio.gather(use(pool), use(pool), return_exceptions=True)

    return others


def subjects() -> Any:
    """Name, maker, user and counter of each pool, all with two slots."""

    async def borrow(pool: Any) -> None:
        async with pool.acquire():
            await asyncio.sleep(0)

    yield "memguard AsyncPool", lambda: AsyncPool(connect, maximum=2, check=alive, reset=alive), borrow, usable
    yield "semaphore and list, except Exception", Naive.make, borrow, lambda pool: slots(pool.acquire, 2, 0.2)
    if generic := peer("generic_connection_pool.asyncio"):
        yield "generic-connection-pool", *_generic(generic)
    if psycopg_pool := peer("psycopg_pool"):

        async def postgres() -> Any:
            pool = psycopg_pool.AsyncConnectionPool(DSN, min_size=0, max_size=2, open=False)
            await pool.open()
            return pool

        async def connection(pool: Any) -> None:
            async with pool.connection():
                await asyncio.sleep(0)

        yield "psycopg_pool (PostgreSQL)", postgres, connection, usable
    if asyncpg := peer("asyncpg"):
        yield "asyncpg (PostgreSQL)", lambda: asyncpg.create_pool(URL, min_size=0, max_size=2), borrow, usable


class Naive:
    """What people write."""

    def __init__(self) -> None:
        self.free = asyncio.Semaphore(2)
        self.idle: list[Connection] = []

    @classmethod
    async def make(cls) -> Naive:
        """Inside the loop, for its semaphore."""
        return cls()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """Wait for a slot, then open or take."""
        await self.free.acquire()
        try:
            connection = self.idle.pop() if self.idle else await connect()
        except Exception:
            self.free.release()
            raise
        try:
            yield connection
        finally:
            self.idle.append(connection)
            self.free.release()


def _generic(library: Any) -> tuple[Any, Any, Any]:
    class Manager(library.BaseConnectionManager):  # type: ignore[misc]
        async def create(self, *_: Any, **__: Any) -> Any:
            return await connect()

        async def dispose(self, *_: Any, **__: Any) -> None:
            await asyncio.sleep(0)

        async def check_aliveness(self, *_: Any, **__: Any) -> bool:
            return await alive(None)

    async def make() -> Any:
        return library.ConnectionPool(Manager(), max_size=2, total_max_size=2, min_idle=0)

    async def use(pool: Any) -> None:
        async with pool.connection("x"):
            await asyncio.sleep(0)

    async def capacity(pool: Any) -> int:
        return await slots(lambda: pool.connection("x"), 2, 0.2)

    return make, use, capacity


if __name__ == "__main__":
    main()
