"""What checking costs, against parsing and against ruff, in one run.

    python -m benchmarks.lint_cost                       the standard library of this Python
    python -m benchmarks.lint_cost FOLDER ...            these folders (unpacked packages) too
    python -m benchmarks.lint_cost --grow                cost against size, from a thousand lines to a million
    python -m benchmarks.lint_cost --profile 25          where the time goes: the functions that cost most
    python -m benchmarks.lint_cost --write FOLDER ...    all of it, into docs/reference/lint-cost.md

CPU time of one process.  `parse` is `ast.parse` over the bytes of all the same files.  A cold run of memlint reads,
decodes, filters, parses what may acquire, analyses and judges; catalogue and imports are timed apart, as `start`.
"""

from __future__ import annotations

import argparse
import ast
import cProfile
import gc
import io
import os
import pstats
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import lint_warm
from benchmarks.corpus import machine, standard_library
from memlint.engine import Checker, find_files
from memlint.engine.collector import collecting_between
from memlint.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "lint-cost.md"
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one body of code."""

    name: str
    files: int
    lines: int
    parse: float
    check: float

    @property
    def ratio(self) -> float:
        """How many times the price of parsing."""
        return self.check / self.parse


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of a piece of work, without what the collector owes to earlier work."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def parse_all(bodies: Iterable[bytes]) -> None:
    """Parse each; what is no Python is passed by, as memlint does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for data in bodies:
            try:
                ast.parse(data)
            except (SyntaxError, ValueError, RecursionError):
                continue


def measure(name: str, paths: list[str], repeat: int = 3) -> Cost:
    """The cheapest of some runs of each, turn by turn; the files come from the page cache."""
    bodies = [Path(path).read_bytes() for path in paths]
    checker = Checker(Settings())
    parse = check = float("inf")
    for _ in range(repeat):
        parse = min(parse, timed(lambda: parse_all(bodies)))
        check = min(check, timed(lambda: check_all(checker, paths)))
    return Cost(name, len(paths), sum(data.count(b"\n") + 1 for data in bodies), parse, check)


def check_all(checker: Checker, paths: Iterable[str]) -> None:
    """Check files as the command does, and keep nothing."""
    for _ in collecting_between(checker.check_file, paths):
        pass


def python_files(folder: Path) -> list[str]:
    """The Python files below a folder."""
    return list(find_files([str(folder)], Settings(root=str(folder), exclude=("__pycache__",))).files)


def grown(paths: list[str]) -> Iterator[tuple[int, list[str]]]:
    """For each size the first files that together have about as many lines; repeated when there are not enough."""
    for size in SIZES:
        chosen: list[str] = []
        lines, index = 0, 0
        while lines < size:
            path = paths[index % len(paths)]
            chosen.append(path)
            lines += Path(path).read_bytes().count(b"\n") + 1
            index += 1
        yield lines, chosen


def start_seconds() -> float:
    """CPU seconds of a process that imports memlint and loads its catalogue, less an empty process."""
    program = "from memlint.engine import Checker; from memlint.settings import Settings; Checker(Settings())"
    return _cpu([sys.executable, "-c", program]) - _cpu([sys.executable, "-c", "pass"])


def _quietly(words: list[str]) -> None:
    nothing = subprocess.DEVNULL
    subprocess.run(words, stdin=nothing, stdout=nothing, stderr=nothing, check=False)


def _cpu(words: list[str], repeat: int = 3) -> float:
    """The least CPU seconds (own and system) of some runs of a command."""
    least = float("inf")
    for _ in range(repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _quietly(words)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return least


def peak_megabytes(paths: list[str]) -> float:
    """The largest resident size of a process that checks files."""
    program = (
        "import resource, sys\n"
        "from memlint.engine import Checker\nfrom memlint.settings import Settings\n"
        "checker = Checker(Settings())\n"
        "for path in sys.stdin.read().split('\\0'):\n    checker.check_file(path)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input="\0".join(paths), capture_output=True, text=True, check=True,
        cwd=PAGE.parent.parent.parent,
    )  # fmt: skip
    return int(done.stdout) * 1024 / MEGABYTE


def table(costs: Iterable[Cost]) -> str:
    """Costs as a Markdown table."""
    rows = ["| code | files | lines | `ast.parse`, s | memlint, s | ratio | µs a line |", "| --- |" + " ---: |" * 6]
    rows += [
        f"| {c.name} | {c.files} | {c.lines} | {c.parse:.2f} | {c.check:.2f} | {c.ratio:.2f} |"
        f" {1e6 * c.check / c.lines:.1f} |"
        for c in costs
    ]
    return "\n".join(rows) + "\n"


def profile(paths: list[str], most: int) -> str:
    """The functions in which most time is spent."""
    checker = Checker(Settings())
    profiler = cProfile.Profile()
    profiler.enable()
    check_all(checker, paths)
    profiler.disable()
    told = io.StringIO()
    pstats.Stats(profiler, stream=told).sort_stats("tottime").print_stats(most)
    return told.getvalue()


def growth_table(paths: list[str]) -> str:
    """Cost against size, and how far from a straight line through the origin."""
    costs = [measure(f"{lines} lines", chosen, repeat=1) for lines, chosen in grown(paths)]
    largest = costs[-1]
    slope = largest.check / largest.lines
    rows = ["| lines | memlint, s | of the straight line |", "| ---: | ---: | ---: |"]
    rows += [f"| {c.lines} | {c.check:.2f} | {c.check / (slope * c.lines):.2f} |" for c in costs]
    return "\n".join(rows) + "\n"


HEAD = """# What checking costs

Written by `python -m benchmarks.lint_cost --write FOLDER ...`; do not edit. {machine}. CPU time of one process; each
figure is the least of three runs, taken turn by turn with what it is compared to.

## Against parsing

`ast.parse` over the bytes of all the same files, in the same process. Starting up (imports and catalogue) costs
{start:.2f} s once. The largest resident size of a process that checks everything below is {peak:.0f} MB.

"""


def main(words: list[str] | None = None) -> int:
    """Read the command line, measure, print or write."""
    parser = argparse.ArgumentParser(prog="benchmarks.lint_cost", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--grow", action="store_true", help="cost against size")
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="the N functions that cost most")
    parser.add_argument("--repeat", type=int, default=3, help="runs to take the least of (default: 3)")
    parser.add_argument("--write", action="store_true", help=f"write docs/reference/{PAGE.name}")
    asked = parser.parse_args(words)
    for folder in asked.folders:
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    library, _ = standard_library()
    bodies = [("standard library", library), *((f.name, python_files(f)) for f in asked.folders)]
    if asked.profile:
        print(profile([path for _, paths in bodies for path in paths], asked.profile))
        return 0
    if asked.grow and not asked.write:
        print(growth_table(library))
        return 0
    costs = [measure(name, paths, asked.repeat) for name, paths in bodies]
    every = [path for _, paths in bodies for path in paths]
    text = HEAD.format(machine=machine(), start=start_seconds(), peak=peak_megabytes(every))
    text += table([*costs, total(costs)])
    if asked.write:
        text += f"\n## Against size\n\nFiles of the standard library, in order of name.\n\n{growth_table(library)}"
        text += "\n## Against ruff\n\nWhole commands over a copy of the standard library without its tests, wall time. "
        PAGE.write_text(text + lint_warm.tables(Path(os.path.commonpath(library)), library), encoding="utf-8")
    else:
        print(text)
    return 0


def total(costs: list[Cost]) -> Cost:
    """All of them together."""
    return Cost(
        "all", sum(c.files for c in costs), sum(c.lines for c in costs), sum(c.parse for c in costs),
        sum(c.check for c in costs),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
