"""Damage every file of the standard library's own tests, and see whether the engine fails or slows down.

    python -m benchmarks.fuzz --seconds 60 --seed 1

Each file is damaged token by token and statement by statement and checked; what is damaged a second time differs with
the seed.  Prints how many programs were checked, each internal error with its seed, and the programs that cost most a
line.  Exit code 1 on any internal error.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from memlint.engine import Checker
from memlint.settings import Settings
from tests.fuzz.mutations import by_statements, by_tokens, corpus


def damaged(text: str, random: Random) -> list[str]:
    """A text in both ways of damaging it."""
    shuffled = by_statements(text, random)
    return [by_tokens(text, random), *([] if shuffled is None else [shuffled])]


def main(words: list[str] | None = None) -> int:
    """Read the command line, damage and check, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="CPU time to spend (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="the damage differs with it (default: 0)")
    asked = parser.parse_args(words)
    checker = Checker(Settings(preview=True, extend_select=("MEM",)))
    files = corpus()
    Random(asked.seed).shuffle(files)
    costs: list[tuple[float, int, str]] = []
    failures, started = 0, time.process_time()
    for path in files:
        random = Random(f"{asked.seed} {path.name}")
        for text in damaged(path.read_text(encoding="utf-8", errors="surrogateescape"), random):
            data = text.encode("utf-8", "surrogateescape")
            before = time.process_time()
            result = checker.check_bytes(data, path.name)
            costs.append((time.process_time() - before, data.count(b"\n") + 1, path.name))
            if result.failure is not None:
                failures += 1
                print(f"{path.name} with seed {asked.seed}: {result.failure.reason}\n{result.failure.trace}")
        if time.process_time() - started > asked.seconds:
            break
    lines = sum(count for _, count, _ in costs)
    print(f"programs {len(costs)}, lines {lines}, internal errors {failures}")
    costs.sort(key=lambda cost: cost[0] / (cost[1] + 100), reverse=True)
    for seconds, count, name in costs[:5]:
        print(f"{seconds:6.2f} s {count:6} lines {1e6 * seconds / count:6.0f} µs/line  {name}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
