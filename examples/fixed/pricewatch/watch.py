"""Run rounds for as long as the service lives, with a heartbeat beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def beat(log: Callable[[str], None], pause: float) -> None:
    """Say that the service lives, every `pause` seconds, until cancelled."""
    while True:
        log("alive")
        await asyncio.sleep(pause)


async def watch(one_round: Callable[[], Awaitable[int]], rounds: int, pause: float, log: Callable[[str], None]) -> int:
    """Run `rounds` rounds, `pause` seconds apart, and count the quotes stored."""
    heart = asyncio.create_task(beat(log, pause))
    stored = 0
    try:
        for _ in range(rounds):
            stored += await one_round()
            await asyncio.sleep(pause)
    finally:
        heart.cancel()
        await asyncio.wait([heart])
    return stored
