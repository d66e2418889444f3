"""Every figure that the design of the runtime asks for, ours beside the peers', and the tables behind them.

    python -m benchmarks.runtime                    all tables, then the figures: some minutes
    python -m benchmarks.runtime --quick            the same with fewer rounds: about a minute
    python -m benchmarks.runtime pool cache         these tables and their figures
    python -m benchmarks.runtime chaos              a minute of everything going wrong, for tasks and for threads
    python -m benchmarks.runtime --write            all of it and the chaos, into docs/reference/runtime/figures.md

The peers are in the `bench` extra; what is not installed is left out, and the page says so.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks.runtime.page import page
from benchmarks.runtime.rows import figures, missing

TABLES = ("pool", "fairness", "latency", "cancellation", "scope", "cache", "buffers", "mapped", "shared", "breaker")
BY_NAME = ("chaos",)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "runtime" / "figures.md"


def main(words: list[str] | None = None) -> int:
    """Run the tables; the answer is the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.runtime", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(TABLES)}; by name only: {BY_NAME[0]}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--write", action="store_true", help="write the page (all tables, full rounds)")
    options = parser.parse_args(words)
    unknown = [name for name in options.tables if name not in TABLES + BY_NAME]
    if unknown:
        parser.error(f"no such table: {', '.join(unknown)}; there are {', '.join(TABLES + BY_NAME)}")
    if options.write and (options.quick or options.tables):
        parser.error("--write takes every table with full rounds: leave out --quick and the names")
    loads = [os.getloadavg()[0]]
    for name in options.tables or (TABLES + BY_NAME if options.write else TABLES):
        begin = time.perf_counter()
        print(f"\n== {name}")
        import_module(f"benchmarks.runtime.{name}").main(options.quick)
        print(f"({time.perf_counter() - begin:.0f} s)", flush=True)
        loads.append(os.getloadavg()[0])
    if figures:
        print("\nthe figures of the design")
    for each in figures:
        print(f"{'met' if each.met else 'MISSED':7}{each.utility}: {each.what}: {each.ours} (aim: {each.aim})")
        if each.peers:
            print(f"       peers: {each.peers}")
    if options.write:
        PAGE.write_text(page(loads, missing), encoding="utf-8")
        print(f"\nwritten: {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
