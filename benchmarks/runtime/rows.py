"""Timing, and what the benchmarks of the runtime say: tables, and our figures against the aims of the design.

Times are the best of many short runs in CPU time of the thread, since other work on the machine only ever adds.
"""

from __future__ import annotations

import importlib
import time
import timeit
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """What was printed, to be printed again as a page."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """One number that the design asks for, with ours and the peers' of the same run."""

    utility: str
    what: str
    aim: str
    ours: str
    met: bool
    peers: str


tables: list[Table] = []
"""Every table of this run, in order."""
figures: list[Figure] = []
"""Every figure of this run, in order."""
missing: list[str] = []
"""Peers that are not installed."""


def nanoseconds(call: Callable[[], object], number: int = 20_000, runs: int = 15) -> float:
    """The time of one call: the best of several runs, since other work only ever adds to it."""
    empty = min(timeit.repeat(_nothing, number=number, repeat=5, timer=time.thread_time))
    best = min(timeit.repeat(call, number=number, repeat=runs, timer=time.thread_time))
    return max(0.0, (best - empty) / number * 1e9)


def statement(code: str, number: int = 20_000, runs: int = 15, **names: Any) -> float:
    """The time of a statement, in nanoseconds: for what is so short that a call around it would weigh more."""
    best = min(timeit.repeat(code, globals=names, number=number, repeat=runs, timer=time.thread_time))
    return best / number * 1e9


def peer(module: str) -> Any:
    """A library to compare with, or None when it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        if module not in missing:
            missing.append(module)
            print(f"({module} is not installed: left out)")
        return None


def figure(utility: str, what: str, aim: str, ours: str, met: bool, peers: str = "") -> None:
    """Note a number that the design asks for."""
    figures.append(Figure(utility, what, aim, ours, met, peers))


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns, and keep the table; the first column is text, the others are numbers or text."""
    table = Table(title, tuple(header), tuple(tuple(_cell(cell) for cell in row) for row in rows))
    tables.append(table)
    lines = [table.header, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.header))]
    print(f"\n{title}")
    for line in lines:
        first, *others = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join([first.strip().ljust(widths[0]), *others]), flush=True)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.0f}"
    return "-" if value is None else str(value)


def _nothing() -> None:
    return None
