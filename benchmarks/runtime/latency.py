"""How long a borrower waits when a slot is free: the median and the slowest of a hundred (aim: under 1 ms).

Real connections: to PostgreSQL, and a thousand at once to a local TCP server.

python -m benchmarks.runtime latency
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks.runtime.pool_peers import DSN
from benchmarks.runtime.rows import peer, print_table
from pytest_memguard.runtime import AsyncPool, Pool

ROUNDS = 5_000


def main() -> None:
    """Print one table."""
    rows = [asyncio.run(tcp(1000))]
    if psycopg := peer("psycopg"):
        with Pool(lambda: psycopg.connect(DSN), name="postgres", minimum=20, maximum=20) as pool:
            rows.append(_row("Pool, 20 PostgreSQL connections", [_wait(pool) for _ in range(ROUNDS)]))
        if psycopg_pool := peer("psycopg_pool"):
            with psycopg_pool.ConnectionPool(DSN, min_size=20, max_size=20) as other:
                other.wait()
                rows.append(_row("psycopg_pool, the same", [_wait_peer(other) for _ in range(ROUNDS)]))
    print_table("wait for a free slot, µs", ("", "median", "99 %", "longest"), rows)


def _row(name: str, waits: list[float]) -> tuple[object, ...]:
    waits.sort()
    return (name, *(waits[int(len(waits) * share)] * 1e6 for share in (0.5, 0.99)), waits[-1] * 1e6)


def _wait(pool: Pool[Any]) -> float:
    begin = time.perf_counter()
    lease = pool.acquire()
    waited = time.perf_counter() - begin
    lease.release()
    return waited


def _wait_peer(pool: Any) -> float:
    begin = time.perf_counter()
    connection = pool.getconn()
    waited = time.perf_counter() - begin
    pool.putconn(connection)
    return waited


async def tcp(count: int) -> tuple[object, ...]:
    """A pool with many open connections, all of them taken at once, again and again."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def connect() -> asyncio.StreamWriter:
        return (await asyncio.open_connection("127.0.0.1", port))[1]

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=count)
    port = server.sockets[0].getsockname()[1]
    waits: list[float] = []
    async with AsyncPool(connect, name="tcp", maximum=count) as pool:
        for turn in range(6):
            leases = []
            for _ in range(count):
                begin = time.perf_counter()
                leases.append(await pool.acquire())
                if turn:  # the first opens them
                    waits.append(time.perf_counter() - begin)
            for lease in leases:
                await lease.release()
    server.close()
    return _row(f"AsyncPool, {count} TCP connections", waits)


if __name__ == "__main__":
    main()
