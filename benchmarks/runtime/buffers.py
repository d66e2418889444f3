"""Buffers: a loan beside a fresh `bytearray`, `numpy.empty` and anonymous `mmap`, in one run.

    python -m benchmarks.runtime.buffers [--quick]

Eight buffers are in flight and go in the order in which they came; every page of each is written once.
Process CPU time, since page faults are the kernel's.
"""

from __future__ import annotations

import mmap
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from benchmarks.runtime.rows import nanoseconds, peer, print_table
from pytest_memguard.runtime.buffers import BufferPool

PAGE = 4096
IN_FLIGHT = 8
SIZES = {"64 KiB": 1 << 16, "1 MiB": 1 << 20, "16 MiB": 1 << 24, "64 MiB": 1 << 26}

Acquire = Callable[[int], Any]
Release = Callable[[Any], object]


def touch(buffer: Any, size: int) -> None:
    """Write one byte to each page."""
    buffer[0:size:PAGE] = b"x" * len(range(0, size, PAGE))


def microseconds(size: int, acquire: Acquire, release: Release, view: Callable[[Any], Any], rounds: int) -> float:
    """The mean time of one round: give the oldest back, get one, touch it; the best of five."""
    best = float("inf")
    for _ in range(5):
        flying = deque(acquire(size) for _ in range(IN_FLIGHT))
        began = time.process_time()
        for _ in range(rounds):
            release(flying.popleft())
            buffer = acquire(size)
            touch(view(buffer), size)
            flying.append(buffer)
        best = min(best, (time.process_time() - began) / rounds * 1e6)
        for buffer in flying:
            release(buffer)
    return best


def main(quick: bool = False) -> None:
    """Print one table of times with ratios, and the cost of a loan by itself."""
    pool = BufferPool(max_idle_bytes=1 << 30)
    numpy = peer("numpy")
    rows = []
    for name, size in SIZES.items():
        rounds = max(4, min(2000, (1 << (27 if quick else 30)) // size))
        ours = microseconds(size, pool.acquire, lambda lease: lease.release(), lambda lease: lease.value, rounds)
        fresh = microseconds(size, bytearray, lambda _: None, lambda buffer: buffer, rounds)
        mapped = microseconds(size, lambda n: mmap.mmap(-1, n), lambda m: m.close(), lambda m: m, rounds)
        empty = None
        if numpy:
            empty = microseconds(size, lambda n: numpy.empty(n, "u1"), lambda _: None, memoryview, rounds)
        kept = bytearray(size)
        floor = microseconds(size, lambda _, kept=kept: kept, lambda _: None, lambda buffer: buffer, rounds)
        rows.append((name, ours, fresh, fresh / ours, empty, mapped, mapped / ours, floor))
    print_table(
        "microseconds to give a buffer back, get one and touch its pages",
        ("size", "memguard", "bytearray", "ratio", "np.empty", "mmap", "ratio", "touching alone"),
        rows,
    )
    print(f"a loan by itself, acquire and release: {nanoseconds(lambda: pool.acquire(1 << 20).release()):.0f} ns")


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
