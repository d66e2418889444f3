"""A thousand borrowers for ten resources: throughput, how evenly they are served, and the longest wait.

Each borrower takes, holds for a turn, gives back and asks again at once, as workers do.  The evenness is
Jain's index (1 is perfectly even): R. Jain et al., DEC-TR-301, 1984.

python -m benchmarks.runtime fairness
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import AsyncExitStack, ExitStack

from benchmarks.runtime.pool_peers import Async, Sync, async_pools, sync_pools
from benchmarks.runtime.rows import print_table

SECONDS = 2.0
BORROWERS = 1000


class Tally:
    """Who was served how often, and the longest that anyone waited, by borrower: nothing is shared."""

    def __init__(self) -> None:
        self.served = [0] * BORROWERS
        self.longest = [0.0] * BORROWERS
        self.began = time.perf_counter()

    def row(self, name: str, end: float) -> tuple[object, ...]:
        """One line of the table."""
        total = sum(self.served)
        squares = sum(each * each for each in self.served)
        jain = total * total / (BORROWERS * squares) if squares else 0.0
        rate = total / (end - self.began)
        return (name, round(rate), jain, sum(each > 0 for each in self.served), round(max(self.longest) * 1000))


def main() -> None:
    """Print two tables: tasks and threads."""
    header = ("", "per second", "Jain", "served at all", "longest wait, ms")
    print_table(f"{BORROWERS} tasks (aim: Jain 0.95, 20 ms)", header, asyncio.run(tasks()))
    with ExitStack() as stack:
        rows = [threads(pool) for pool in sync_pools(stack)]
    print_table(f"{BORROWERS} threads (aim: 100 ms)", header, rows)


async def tasks() -> list[tuple[object, ...]]:
    """Every pool for tasks."""
    async with AsyncExitStack() as stack:
        return [await _tasks(pool) async for pool in async_pools(stack)]


async def _tasks(pool: Async) -> tuple[object, ...]:
    tally = Tally()
    end = tally.began + SECONDS

    async def work(number: int) -> None:
        while (asked := time.perf_counter()) < end:
            held = await pool.acquire()
            tally.longest[number] = max(tally.longest[number], time.perf_counter() - asked)
            tally.served[number] += 1
            await asyncio.sleep(0)
            pending = pool.release(held)
            if pending is not None:
                await pending

    await asyncio.gather(*(work(number) for number in range(BORROWERS)))
    return tally.row(pool.name, time.perf_counter())


def threads(pool: Sync) -> tuple[object, ...]:
    """One pool for threads; what is waited for after the end of the time does not count."""
    tally = Tally()
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
    ending.append(tally.began + SECONDS)
    go.set()
    for worker in workers:
        worker.join()
    return tally.row(pool.name, ending[0])


if __name__ == "__main__":
    main()
