"""Every table of the runtime's benchmarks, or those named: `python -m benchmarks.runtime [NAME ...]`.

The peers are in the `bench` extra; what is not installed is left out and said.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path

HELPERS = {"__main__", "rows", "pool_peers"}
BY_HAND = {"chaos"}
"""Runs only when named: it takes a minute."""


def main(names: list[str]) -> int:
    """Run the tables; the answer is the exit code."""
    known = sorted({path.stem for path in Path(__file__).parent.glob("*.py")} - HELPERS)
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"no such table: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or [each for each in known if each not in BY_HAND]:
        begin = time.perf_counter()
        print(f"\n== {name}")
        import_module(f"benchmarks.runtime.{name}").main()
        print(f"({time.perf_counter() - begin:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
