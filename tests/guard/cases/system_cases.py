# ruff: noqa: ARG001 - the cases are one shape
"""What multiprocessing names in the system, where it stays until somebody takes the name away."""

from __future__ import annotations

import multiprocessing
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

from ways import *  # noqa: F403
from ways import Acquired

SPAWN = multiprocessing.get_context("spawn")
KEPT: list[Any] = []


def segment(path: Path) -> Acquired:
    memory = SharedMemory(create=True, size=100)
    memory.close()
    return Acquired(memory, memory.unlink)


def semaphore(path: Path) -> Acquired:
    KEPT.append(SPAWN.Lock())
    return Acquired(KEPT, KEPT.pop)


ALL = [("shared memory segment", segment), ("semaphore", semaphore)]
SWITCHES = ("--memguard-kinds", "shared memory=on", "-p", "no:asyncio", "-p", "no:trio", "-p", "no:anyio")
