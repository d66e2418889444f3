"""How long a borrower waits when a slot is free: the median, the 99th percentile and the longest (aim: under 1 ms).

    python -m benchmarks.runtime latency [--quick]

Real connections: a thousand at once to a local TCP server, and to PostgreSQL as many as it has free, but ten.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from benchmarks.runtime.pool_peers import DSN
from benchmarks.runtime.rows import figure, peer, print_table
from pytest_memguard.runtime import AsyncPool, Pool

LEFT_TO_OTHERS = 10


def main(quick: bool = False) -> None:
    """Print one table."""
    turns = 3 if quick else 20
    rows = [asyncio.run(tcp(1000, turns))]
    if (psycopg := peer("psycopg")) and (count := free_connections(psycopg)) > 0:
        rows.append(threads(psycopg, count, turns))
        rows.append(asyncio.run(tasks(psycopg, count, turns)))
        if psycopg_pool := peer("psycopg_pool"):
            rows.append(others(psycopg_pool, count, turns))
    print_table("wait for a free slot, µs", ("", "median", "99 %", "longest"), rows)
    ours = [row for row in rows if not row[0].startswith("psycopg")]
    figure(
        "Pool, AsyncPool",
        "wait for a free slot, 99th percentile, real connections",
        "under 1 ms",
        ", ".join(f"{name}: {most:.1f} µs" for name, _, most, _ in ours),
        all(row[2] < 1000 for row in ours),
        ", ".join(f"{name}: {most:.1f} µs" for name, _, most, _ in rows[len(ours) :]),
    )


def free_connections(psycopg: Any) -> int:
    """How many connections PostgreSQL would still grant, less some for others; 0 where there is no server."""
    with suppress(OSError, psycopg.OperationalError), psycopg.connect(DSN, autocommit=True) as connection:
        most, kept, used = (
            int(connection.execute(query).fetchone()[0])
            for query in (
                "show max_connections",
                "show superuser_reserved_connections",
                "select count(*) from pg_stat_activity where backend_type = 'client backend'",
            )
        )
        print(f"(PostgreSQL allows {most} connections, {used} are in use)")
        return max(0, most - kept - used - LEFT_TO_OTHERS)
    return 0


def _row(name: str, waits: list[float]) -> tuple[str, float, float, float]:
    waits.sort()
    median, most = (waits[int(len(waits) * share)] * 1e6 for share in (0.5, 0.99))
    return (name, median, most, waits[-1] * 1e6)


def threads(psycopg: Any, count: int, turns: int) -> tuple[str, float, float, float]:
    """All connections of a pool for threads taken, again and again."""
    with Pool(lambda: psycopg.connect(DSN), name="postgres", minimum=count, maximum=count) as pool:
        waits = _take_all(pool.acquire, lambda lease: lease.release(), count, turns)
    return _row(f"Pool, {count} PostgreSQL connections", waits)


def others(psycopg_pool: Any, count: int, turns: int) -> tuple[str, float, float, float]:
    """The same with psycopg's own pool."""
    with psycopg_pool.ConnectionPool(DSN, min_size=count, max_size=count) as pool:
        pool.wait()
        waits = _take_all(pool.getconn, pool.putconn, count, turns)
    return _row("psycopg_pool, the same", waits)


def _take_all(take: Callable[[], Any], give: Callable[[Any], object], count: int, turns: int) -> list[float]:
    waits: list[float] = []
    for _ in range(turns):
        held = []
        for _ in range(count):
            begin = time.perf_counter()
            held.append(take())
            waits.append(time.perf_counter() - begin)
        for each in held:
            give(each)
    return waits


async def tasks(psycopg: Any, count: int, turns: int) -> tuple[str, float, float, float]:
    """The same with a pool for tasks."""

    async def connect() -> Any:
        return await psycopg.AsyncConnection.connect(DSN)

    return _row(f"AsyncPool, {count} PostgreSQL connections", await _take_all_async(connect, count, turns))


async def tcp(count: int, turns: int) -> tuple[str, float, float, float]:
    """The same with connections to a server of our own."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def connect() -> asyncio.StreamWriter:
        return (await asyncio.open_connection("127.0.0.1", port))[1]

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=count)
    port = server.sockets[0].getsockname()[1]
    waits = await _take_all_async(connect, count, turns)
    server.close()
    return _row(f"AsyncPool, {count} TCP connections", waits)


async def _take_all_async(connect: Callable[[], Awaitable[Any]], count: int, turns: int) -> list[float]:
    waits: list[float] = []
    async with AsyncPool(connect, name="latency", maximum=count) as pool:
        for turn in range(turns + 1):
            leases = []
            for _ in range(count):
                begin = time.perf_counter()
                leases.append(await pool.acquire())
                if turn:  # the first opens them
                    waits.append(time.perf_counter() - begin)
            for lease in leases:
                await lease.release()
    return waits


if __name__ == "__main__":
    main()
