"""Circuit breakers: the cost of a call, and how many of fifty calls get through to a service that may be back.

python -m benchmarks.runtime breaker
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from benchmarks.runtime.rows import figure, nanoseconds, peer, print_table
from pytest_memguard.runtime import CircuitBreaker

OPEN_FOR = 0.05


def main(quick: bool = False) -> None:  # noqa: ARG001  # every table takes it; this one is quick
    """Print one table."""
    rows = [_row("memguard CircuitBreaker", lambda: CircuitBreaker("x", failures=1, open_for=OPEN_FOR))]
    if circuitbreaker := peer("circuitbreaker"):
        rows.append(
            _row(
                "circuitbreaker",
                lambda: circuitbreaker.CircuitBreaker(failure_threshold=1, recovery_timeout=OPEN_FOR, name="x"),
            )
        )
    if pybreaker := peer("pybreaker"):
        rows.append(_row("pybreaker", lambda: pybreaker.CircuitBreaker(fail_max=1, reset_timeout=OPEN_FOR)))
    if purgatory := peer("purgatory"):
        rows.append(_purgatory(purgatory))
    if aiobreaker := peer("aiobreaker"):
        rows.append(_aiobreaker(aiobreaker))
    print_table(
        "one call through a closed circuit, and 50 at once in half-open (aim: 1)",
        ("", "ns", "through of 50", "after a cancelled probe"),
        rows,
    )
    figure(
        "CircuitBreaker",
        "calls let through of 50 at once in half-open",
        "1",
        str(rows[0][2]),
        rows[0][2] == 1,
        ", ".join(f"{row[0]} {row[2]}" for row in rows[1:]),
    )


def _row(name: str, make: Callable[[], Any]) -> tuple[object, ...]:
    guarded = make()(_answer)
    cost = nanoseconds(guarded, number=5_000)
    through = asyncio.run(_half_open(make, 50))
    return (name, round(cost), through, asyncio.run(_after_cancellation(make)))


def _answer() -> int:
    return 1


async def _half_open(make: Callable[[], Any], calls: int) -> int:
    breaker = make()
    through: list[int] = []
    await _trip(breaker)

    async def call() -> None:
        through.append(1)
        await asyncio.sleep(0.01)

    await asyncio.gather(*(_attempt(breaker, call) for _ in range(calls)))
    return len(through)


async def _after_cancellation(make: Callable[[], Any]) -> str:
    breaker = make()
    await _trip(breaker)

    async def hang() -> None:
        await asyncio.sleep(10)

    async def answer() -> None:
        through.append(1)

    through: list[int] = []
    task = asyncio.ensure_future(_attempt(breaker, hang))
    await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.wait((task,))
    await _attempt(breaker, answer)
    return ("recovers" if through else "stays open") + ("" if task.cancelled() else ", cancellation swallowed")


async def _trip(breaker: Any) -> None:
    async def fail() -> None:
        raise ConnectionError

    await _attempt(breaker, fail)
    time.sleep(OPEN_FOR * 1.2)


async def _attempt(breaker: Any, work: Callable[[], Any]) -> None:
    with suppress(Exception):
        if hasattr(breaker, "calling"):
            with breaker.calling():
                await work()
        else:
            await breaker(work)()


def _purgatory(library: Any) -> tuple[object, ...]:
    factory = library.SyncCircuitBreakerFactory(default_threshold=1, default_ttl=OPEN_FOR)
    cost = nanoseconds(factory("x")(_answer), number=5_000)

    class Adapter:
        def __init__(self) -> None:
            self.factory = library.AsyncCircuitBreakerFactory(default_threshold=1, default_ttl=OPEN_FOR)

        def __call__(self, work: Callable[[], Any]) -> Any:
            async def call() -> None:
                async with await self.factory.get_breaker("x"):
                    await work()

            return call

    return (
        "purgatory",
        round(cost),
        asyncio.run(_half_open(Adapter, 50)),
        asyncio.run(_after_cancellation(Adapter)),
    )


def _aiobreaker(library: Any) -> tuple[object, ...]:
    opens = timedelta(seconds=OPEN_FOR)

    class Adapter:
        def __init__(self) -> None:
            self.breaker = library.CircuitBreaker(fail_max=1, timeout_duration=opens)

        def __call__(self, work: Callable[[], Any]) -> Any:
            return lambda: self.breaker.call_async(work)

    cost = nanoseconds(library.CircuitBreaker(fail_max=1, timeout_duration=opens)(_answer), number=5_000)
    through, after = asyncio.run(_half_open(Adapter, 50)), asyncio.run(_after_cancellation(Adapter))
    return ("aiobreaker", round(cost), through, after)


if __name__ == "__main__":
    main()
