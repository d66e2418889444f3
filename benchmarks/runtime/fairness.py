"""A thousand borrowers for ten resources: throughput, how evenly they are served, and the longest wait.

Each borrower takes, holds for a turn, gives back and asks again at once, as workers do.  The evenness is
Jain's index (1 is perfectly even): R. Jain et al., DEC-TR-301, 1984.

    python -m benchmarks.runtime fairness [--quick]

The tasks all run in one thread, so their waits are measured a second time in CPU time of that thread: that is how
long they would be if nobody else used the machine, and it is what the aim is held against.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import AsyncExitStack, ExitStack
from typing import Any

from benchmarks.runtime.pool_peers import Async, Sync, async_pools, sync_pools
from benchmarks.runtime.rows import figure, print_table

BORROWERS = 1000


class Tally:
    """Who was served how often, and the longest that anyone waited, by borrower: nothing is shared."""

    def __init__(self, seconds: float) -> None:
        self.served = [0] * BORROWERS
        self.longest = [0.0] * BORROWERS
        self.longest_work = [0.0] * BORROWERS
        self.began = time.perf_counter()
        self.seconds = seconds

    def jain(self) -> float:
        """How evenly they were served."""
        total = sum(self.served)
        squares = sum(each * each for each in self.served)
        return total * total / (BORROWERS * squares) if squares else 0.0

    def row(self, name: str, end: float) -> tuple[object, ...]:
        """One line of the table."""
        rate = sum(self.served) / (end - self.began)
        ever = sum(each > 0 for each in self.served)
        return (name, round(rate), self.jain(), ever, round(max(self.longest) * 1000))


def main(quick: bool = False) -> None:
    """Print two tables: tasks and threads."""
    seconds = 0.5 if quick else 2.0
    header = ("", "per second", "Jain", "served at all", "longest wait, ms")
    rows = asyncio.run(tasks(seconds))
    print_table(f"{BORROWERS} tasks (aim: Jain 0.95, 20 ms of CPU)", (*header, "the same, ms of CPU"), rows)
    figure(
        "AsyncPool",
        f"{BORROWERS} tasks for 10 resources",
        "Jain ≥ 0.95, longest wait ≤ 20 ms",
        f"Jain {rows[0][2]:.2f}, {rows[0][5]} ms of CPU, {rows[0][4]} ms by the clock",
        rows[0][2] >= 0.95 and rows[0][5] <= 20,
        ", ".join(f"{row[0]} {row[2]:.2f}, {row[5]} ms" for row in rows[1:]),
    )
    with ExitStack() as stack:
        rows = [threads(pool, seconds) for pool in sync_pools(stack)]
    print_table(f"{BORROWERS} threads (aim: 100 ms)", header, rows)
    figure(
        "Pool",
        f"{BORROWERS} threads for 10 resources",
        "longest wait ≤ 100 ms",
        f"{rows[0][4]} ms, Jain {rows[0][2]:.2f}",
        rows[0][4] <= 100,
        ", ".join(f"{row[0]} {row[4]} ms" for row in rows[1:]),
    )


async def tasks(seconds: float) -> list[tuple[Any, ...]]:
    """Every pool for tasks."""
    async with AsyncExitStack() as stack:
        return [await _tasks(pool, seconds) async for pool in async_pools(stack)]


async def _tasks(pool: Async, seconds: float) -> tuple[object, ...]:
    tally = Tally(seconds)
    end = tally.began + seconds

    async def work(number: int) -> None:
        while (asked := time.perf_counter()) < end:
            worked = time.thread_time()
            held = await pool.acquire()
            tally.longest[number] = max(tally.longest[number], time.perf_counter() - asked)
            tally.longest_work[number] = max(tally.longest_work[number], time.thread_time() - worked)
            tally.served[number] += 1
            await asyncio.sleep(0)
            pending = pool.release(held)
            if pending is not None:
                await pending

    await asyncio.gather(*(work(number) for number in range(BORROWERS)))
    return (*tally.row(pool.name, time.perf_counter()), round(max(tally.longest_work) * 1000))


def threads(pool: Sync, seconds: float) -> tuple[Any, ...]:
    """One pool for threads; what is waited for after the end of the time does not count."""
    tally = Tally(seconds)
    go = threading.Event()
    ending: list[float] = []

    def work(number: int) -> None:
        go.wait()
        end = ending[0]
        while (asked := time.perf_counter()) < end:
            held = pool.acquire()
            tally.longest[number] = max(tally.longest[number], min(time.perf_counter(), end) - asked)
            tally.served[number] += 1
            time.sleep(0)
            pool.release(held)

    threading.stack_size(128 * 1024)
    workers = [threading.Thread(target=work, args=(number,)) for number in range(BORROWERS)]
    threading.stack_size(0)
    for worker in workers:
        worker.start()
    tally.began = time.perf_counter()
    ending.append(tally.began + seconds)
    go.set()
    for worker in workers:
        worker.join()
    return tally.row(pool.name, ending[0])


if __name__ == "__main__":
    main()
