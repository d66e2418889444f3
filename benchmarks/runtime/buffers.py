"""Buffers: a loan beside a fresh `bytearray`, `numpy.empty` and anonymous `mmap`, in one run.

    python -m benchmarks.runtime buffers [--quick]

Eight buffers are in flight and go in the order in which they came; every page of each is written once.
Process CPU time, since page faults are the kernel's; each size in a process of its own, since the allocator remembers.
"""

from __future__ import annotations

import json
import mmap
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from statistics import median
from threading import Lock
from typing import Any

from benchmarks.runtime.rows import figure, peer, print_table, statement
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
    """The mean time of one round: give the oldest back, get one, touch it; the middle of seven.

    Not the best: how many pages the allocator faults in is chance, and part of what is measured.
    """
    times = []
    for _ in range(7):
        flying = deque(acquire(size) for _ in range(IN_FLIGHT))
        began = time.process_time()
        for _ in range(rounds):
            release(flying.popleft())
            buffer = acquire(size)
            touch(view(buffer), size)
            flying.append(buffer)
        times.append((time.process_time() - began) / rounds * 1e6)
        for buffer in flying:
            release(buffer)
    return median(times)


def child(size: int, rounds: int) -> None:
    """Measure every way with one size; print the microseconds of each as JSON."""
    pool = BufferPool(max_idle_bytes=1 << 30)
    numpy = peer("numpy")
    kept = bytearray(size)
    ways: dict[str, tuple[Acquire, Release, Callable[[Any], Any]]] = {
        "fresh": (bytearray, lambda _: None, lambda buffer: buffer),
        "ours": (pool.acquire, lambda lease: lease.release(), lambda lease: lease.value),
        "mmap": (lambda n: mmap.mmap(-1, n), lambda m: m.close(), lambda m: m),
        "floor": (lambda _: kept, lambda _: None, lambda buffer: buffer),
    }
    if numpy:
        ways["empty"] = (lambda n: numpy.empty(n, "u1"), lambda _: None, memoryview)
    print(json.dumps({name: microseconds(size, *way, rounds) for name, way in ways.items()}))


def main(quick: bool = False) -> None:
    """Print one table of times with ratios, and the cost of a loan by itself."""
    peer("numpy")  # says so if it is missing
    rows: list[tuple[Any, ...]] = []
    for name, size in SIZES.items():
        rounds = max(8, min(2000, (1 << (28 if quick else 29)) // size))
        command = [sys.executable, "-m", "benchmarks.runtime.buffers", str(size), str(rounds)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
        t = json.loads(answer)
        ours, fresh, mapped = t["ours"], t["fresh"], t["mmap"]
        rows.append((name, ours, fresh, fresh / ours, t.get("empty"), mapped, mapped / ours, t["floor"]))
    print_table(
        "microseconds to give a buffer back, get one and touch its pages",
        ("size", "memguard", "bytearray", "ratio", "np.empty", "mmap", "ratio", "touching alone"),
        rows,
    )
    alone = statement("pool.acquire(size).release()", pool=BufferPool(), size=1 << 20)
    locked = statement("with lock: kept = idle.pop()\nwith lock: idle.append(kept)", lock=Lock(), idle=[bytearray(1)])
    figure(
        "BufferPool",
        "get + put",
        "0.3 µs",
        f"{alone / 1000:.2f} µs",
        alone <= 300,
        f"a lock and a list, with nothing noticed: {locked / 1000:.2f} µs",
    )
    for name, aim in (("1 MiB", 7), ("16 MiB", 38)):
        row = next(row for row in rows if row[0] == name)
        figure(
            "BufferPool",
            f"{name}, eight in flight, against a fresh bytearray",
            f"{aim} x",
            f"{row[3]:.1f} x",
            row[3] >= aim,
            f"np.empty {row[2] / row[4]:.1f} x" if row[4] else "",
        )


if __name__ == "__main__":
    child(int(sys.argv[1]), int(sys.argv[2]))
