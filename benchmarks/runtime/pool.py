"""Acquire and release when nobody waits: our pools beside others, CPU time of the thread, in one run.

    python -m benchmarks.runtime pool [--quick]

The rounds of all pools are interleaved, so that a busy moment of the machine strikes all alike.
"""

from __future__ import annotations

import asyncio
import time
import timeit
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack

from benchmarks.runtime.pool_peers import Async, Sync, async_pools, floor, sync_pools
from benchmarks.runtime.rows import figure, print_table

ROUNDS = 3_000


def main(quick: bool = False) -> None:
    """Print two tables: threads and tasks."""
    runs = 7 if quick else 40
    sync_table(runs)
    asyncio.run(async_table(runs))


def sync_table(runs: int) -> None:
    """Threads: nanoseconds, and as a multiple of a lock and a list."""
    with ExitStack() as stack:
        pools = [floor(), *sync_pools(stack)]
        best = [min(times) for times in zip(*([timed(pool) for pool in pools] for _ in range(runs)), strict=True)]
    rows = [(pool.name, round(taken), taken / best[0]) for pool, taken in zip(pools, best, strict=True)]
    print_table("acquire + release, threads (aim: 4.1 times the floor)", ("", "ns", "x floor"), rows)
    figure(
        "Pool",
        "acquire + release, 8-frame origin, threads",
        "1.3 µs where a lock and a list take 0.32: 4.1 x",
        f"{best[1] / 1000:.2f} µs, {best[1] / best[0]:.1f} x",
        best[1] / best[0] <= 4.1,
        ", ".join(f"{name} {times:.1f} x" for name, _, times in rows[2:]),
    )


async def async_table(runs: int) -> None:
    """Tasks: nanoseconds, and as a multiple of ours."""
    async with AsyncExitStack() as stack:
        pools = [pool async for pool in async_pools(stack)]
        times = [[await timed_async(pool) for pool in pools] for _ in range(runs)]
    best = [min(each) for each in zip(*times, strict=True)]
    rows = [(pool.name, round(taken), taken / best[0]) for pool, taken in zip(pools, best, strict=True)]
    print_table("acquire + release, tasks", ("", "ns", "x ours"), rows)
    figure(
        "AsyncPool",
        "acquire + release, 8-frame origin, tasks",
        "1.3 µs",
        f"{best[0] / 1000:.2f} µs",
        best[0] <= 1300,
        ", ".join(f"{name} {ratio:.1f} x ours" for name, _, ratio in rows[1:]),
    )


def timed(pool: Sync) -> float:
    """Nanoseconds for one round, from a stack that is deeper than an origin."""
    names = {"acquire": pool.acquire, "release": pool.release}
    timer = timeit.Timer(pool.code, timer=time.thread_time, globals=names)

    def work() -> float:
        timer.timeit(100)
        return timer.timeit(ROUNDS) / ROUNDS * 1e9

    return _deeper(8, work)


def _deeper(calls: int, work: Callable[[], float]) -> float:
    return _deeper(calls - 1, work) if calls else work()


async def timed_async(pool: Async) -> float:
    """Nanoseconds for one round; the loop runs nothing else."""
    rounds = ROUNDS // 3
    for _ in range(30):
        await _give_back(pool, await pool.acquire())
    begin = time.thread_time()
    for _ in range(rounds):
        held = await pool.acquire()
        pending = pool.release(held)
        if pending is not None:
            await pending
    return (time.thread_time() - begin) / rounds * 1e9


async def _give_back(pool: Async, held: object) -> None:
    pending = pool.release(held)
    if pending is not None:
        await pending


if __name__ == "__main__":
    main()
