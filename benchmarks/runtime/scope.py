"""A clean-up that awaits three times, cancelled at random once, or twice: how often is it finished?

python -m benchmarks.runtime scope [--quick]
python -m benchmarks.runtime.scope --runs 1000000       ours alone, so many runs with one and with two
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from benchmarks.runtime.rows import figure, peer, print_table
from pytest_memguard.runtime import AsyncScope

PER_LOOP = 2_000


class Thing:
    """Open until its three awaits are over."""

    def __init__(self) -> None:
        self.open = True

    async def aclose(self) -> None:
        """Close, slowly."""
        for _ in range(3):
            await asyncio.sleep(0)
        self.open = False


async def body() -> None:
    """What is done with the thing."""
    for _ in range(5):
        await asyncio.sleep(0)


async def with_finally(thing: Thing) -> None:
    """The usual way."""
    try:
        await body()
    finally:
        await thing.aclose()


async def with_stack(thing: Thing) -> None:
    """The standard library's stack."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(thing.aclose)
        await body()


async def with_shield(thing: Thing) -> None:
    """`asyncio.shield`: finished some time, but not when the block ends."""
    try:
        await body()
    finally:
        await asyncio.shield(thing.aclose())


async def with_scope(thing: Thing) -> None:
    """Ours."""
    async with AsyncScope() as scope:
        scope.own(thing)
        await body()


def main(quick: bool = False) -> None:
    """Print one table."""
    runs = 2_000 if quick else 20_000
    ways: list[tuple[str, Callable[[Thing], Awaitable[None]]]] = [
        ("memguard AsyncScope", with_scope),
        ("try / finally", with_finally),
        ("AsyncExitStack", with_stack),
        ("asyncio.shield", with_shield),
    ]
    if anyio := peer("anyio"):

        async def with_anyio(thing: Thing) -> None:
            try:
                await body()
            finally:
                with anyio.CancelScope(shield=True):
                    await thing.aclose()

        ways.append(("anyio.CancelScope(shield=True)", with_anyio))
    rows = [(name, share(way, 1, runs), share(way, 2, runs), at_exit(way)) for name, way in ways]
    print_table(
        f"closed when the block ended, % of {runs} random runs",
        ("", "one cancellation", "two", "left to the loop's end"),
        rows,
    )
    figure(
        "AsyncScope",
        "closed when the block ended: cancelled twice; while the loop ends",
        "100 % of 10^6 runs",
        f"{rows[0][2]:g} % and {rows[0][3]:g} % of {runs} runs (`scope --runs` for more)",
        rows[0][1] == rows[0][2] == rows[0][3] == 100,
        ", ".join(f"{name} {twice:.1f} and {late:.1f} %" for name, _, twice, late in rows[1:]),
    )


def many(runs: int) -> int:
    """Ours alone, so many runs with one cancellation and as many with two; the exit code."""
    shares = {words: share(with_scope, count, runs) for words, count in (("one cancellation", 1), ("two", 2))}
    for words, percent in shares.items():
        print(f"AsyncScope, {words}: {percent:g} % of {runs} random runs closed when the block ended", flush=True)
    return 0 if set(shares.values()) == {100.0} else 1


def share(way: Callable[[Thing], Awaitable[None]], cancellations: int, runs: int) -> float:
    """Percent of runs whose thing was closed by the time that the task was done."""
    chances = random.Random(1)
    closed = 0

    async def trial() -> bool:
        thing = Thing()
        task = asyncio.ensure_future(way(thing))
        await asyncio.sleep(0)
        for _ in range(chances.randint(0, 7)):
            await asyncio.sleep(0)
        for _ in range(cancellations):
            task.cancel()
            for _ in range(chances.randint(0, 3)):
                await asyncio.sleep(0)
        await asyncio.wait((task,))
        done = not thing.open
        for _ in range(4):  # what was only shielded is finished later: it does not count
            await asyncio.sleep(0)
        return done

    async def a_loop() -> int:
        return sum([await trial() for _ in range(PER_LOOP)])

    for _ in range(runs // PER_LOOP):
        closed += asyncio.run(a_loop())
    return 100.0 * closed / (runs // PER_LOOP * PER_LOOP)


def at_exit(way: Callable[[Thing], Awaitable[None]]) -> float:
    """Percent of 200 things closed when the loop ends while their clean-up is under way."""
    things = [Thing() for _ in range(200)]

    async def leave() -> None:
        tasks = [asyncio.ensure_future(way(thing)) for thing in things]
        for _ in range(2):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0)

    asyncio.run(leave())
    return 100.0 * sum(not thing.open for thing in things) / len(things)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, required=True)
    sys.exit(many(parser.parse_args().runs))
