"""Acquire and release when nobody waits: our pools beside others, CPU time of the thread, in one run.

python -m benchmarks.runtime pool
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack

from benchmarks.runtime.pool_peers import Async, async_pools, floor, sync_pools
from benchmarks.runtime.rows import print_table

ROUNDS = 5_000
RUNS = 9


def main() -> None:
    """Print two tables: threads and tasks."""
    sync_table()
    asyncio.run(async_table())


def sync_table() -> None:
    """Threads: nanoseconds, and as a multiple of a lock and a list."""
    acquire, release = floor()
    least = best(lambda: timed(acquire, release))
    rows: list[tuple[object, ...]] = [("a lock and a list: the floor", round(least), 1.0)]
    with ExitStack() as stack:
        for pool in sync_pools(stack):
            taken = best(lambda pool=pool: timed(pool.acquire, pool.release))  # type: ignore[misc]
            rows.append((pool.name, round(taken), taken / least))
    print_table("acquire + release, threads (aim: 4.1 times the floor)", ("", "ns", "x floor"), rows)


async def async_table() -> None:
    """Tasks: nanoseconds, and as a multiple of ours."""
    found: list[tuple[str, float]] = []
    async with AsyncExitStack() as stack:
        async for pool in async_pools(stack):
            runs = [await timed_async(pool) for _ in range(RUNS)]
            found.append((pool.name, min(runs)))
    rows = [(name, round(taken), taken / found[0][1]) for name, taken in found]
    print_table("acquire + release, tasks", ("", "ns", "x ours"), rows)


def best(run: Callable[[], float]) -> float:
    """The best of several runs: other work only ever adds to it."""
    return min(run() for _ in range(RUNS))


def timed(acquire: Callable[[], object], release: Callable[[object], object]) -> float:
    """Nanoseconds for one round, from a stack that is deeper than an origin."""
    return _deeper(8, lambda: _rounds(acquire, release))


def _deeper(calls: int, work: Callable[[], float]) -> float:
    return _deeper(calls - 1, work) if calls else work()


def _rounds(acquire: Callable[[], object], release: Callable[[object], object]) -> float:
    for _ in range(100):
        release(acquire())
    begin = time.thread_time()
    for _ in range(ROUNDS):
        release(acquire())
    return (time.thread_time() - begin) / ROUNDS * 1e9


async def timed_async(pool: Async) -> float:
    """Nanoseconds for one round; the loop runs nothing else."""
    for _ in range(100):
        await _give_back(pool, await pool.acquire())
    begin = time.thread_time()
    for _ in range(ROUNDS):
        held = await pool.acquire()
        pending = pool.release(held)
        if pending is not None:
            await pending
    return (time.thread_time() - begin) / ROUNDS * 1e9


async def _give_back(pool: Async, held: object) -> None:
    pending = pool.release(held)
    if pending is not None:
        await pending


if __name__ == "__main__":
    main()
