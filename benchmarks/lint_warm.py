"""What a second run costs beside ruff's, what an edit costs, and what shards save: whole commands.

    python -m benchmarks.lint_warm              a copy of this Python's standard library, without its tests
    python -m benchmarks.lint_warm FOLDER       a copy of this folder

Each command is run as a user runs it: start, imports, search for files, results, output. Warm runs are taken turn by
turn with ruff's.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.corpus import standard_library

TURNS = 7
"""Warm runs of each command, of which the quickest counts."""
SHARDS = (1, 2, 4)


@dataclass(frozen=True, order=True)
class Took:
    """Seconds that one run took, and those that it kept a processor busy (children too)."""

    wall: float
    cpu: float


Run = tuple[str, Took]
"""A command and its quickest run."""


def copy_of(folder: Path, files: Sequence[str], to: Path) -> Path:
    """The files of a folder in a folder of our own, so that they can be edited."""
    for name in files:
        target = to / Path(name).relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(name, target)
    return to


def memlint(*words: str) -> list[str]:
    """The command line of one run; the package runs from the checkout wherever the current folder is."""
    return [sys.executable, "-m", "memlint.cli", *words]


def ruff(cache: Path) -> list[str] | None:
    """The command line of ruff's check of the same kind of thing; None where ruff is not installed."""
    found = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        return None
    return [found, "check", "--isolated", "--select", "SIM115", "--exit-zero", "--cache-dir", str(cache), "."]


def environment() -> dict[str, str]:
    """That of an installed package, whose modules lie compiled: a checkout's would be compiled in each run."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir(), "memlint-benchmark-bytecode"))}


def once(words: Sequence[str], folder: Path) -> Took:
    """One run in a folder."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    nothing = subprocess.DEVNULL
    done = subprocess.run(
        words, cwd=folder, env=environment(), stdin=nothing, stdout=nothing, stderr=subprocess.PIPE, check=False
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{words}: {done.stderr.decode(errors='replace')}")
    return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def side_by_side(commands: Sequence[tuple[str, Sequence[str]]], folder: Path) -> list[Run]:
    """The least wall and the least processor time of some runs of each command, turn by turn."""
    runs: dict[str, list[Took]] = {name: [] for name, _ in commands}
    for _ in range(TURNS):
        for name, words in commands:
            runs[name].append(once(words, folder))
    return [(name, Took(min(t.wall for t in took), min(t.cpu for t in took))) for name, took in runs.items()]


def warm(folder: Path, scratch: Path) -> list[Run]:
    """Cold, after an edit, and warm; ruff warm is the last row, which the others are compared with."""
    check = memlint("check", "--isolated", "--exit-zero", "--cache-dir", str(scratch / "memlint"), ".")
    cold = once(check, folder)
    other = ruff(scratch / "ruff")
    commands: list[tuple[str, Sequence[str]]] = [("memlint check, warm", check)]
    if other is not None:
        once(other, folder)
        commands.append(("ruff check --select SIM115, warm", other))
    side = side_by_side(commands, folder)
    largest = max(folder.rglob("*.py"), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes() + b"\n# one more line\n")
    edited = once(check, folder)
    return [("memlint check, cold", cold), (f"memlint check, `{largest.name}` edited", edited), *side]


def sharded(folder: Path, scratch: Path) -> list[tuple[int, float, float, float]]:
    """For each number of shards: seconds of the slowest, of all together, and of merging.  Each has one process."""
    found = []
    for of in SHARDS:
        reports = [str(scratch / f"{number}-of-{of}.json") for number in range(1, of + 1)]
        took = [
            once(
                memlint("check", "--isolated", "--no-cache", "--jobs", "1", "--shard", f"{number}/{of}",
                        "--output-format", "json", "--output-file", report, "."),
                folder,
            ).wall
            for number, report in enumerate(reports, 1)
        ]  # fmt: skip
        found.append((of, max(took), sum(took), once(memlint("merge", "--isolated", *reports), folder).wall))
    return found


def tables(folder: Path, files: Sequence[str]) -> str:
    """Both as Markdown tables."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        body = copy_of(folder, files, scratch / "body")
        runs, shards = warm(body, scratch), sharded(body, scratch)
    last = runs[-1][1]
    rows = ["| command | wall, s | CPU, s | wall of the last row's |", "| --- | ---: | ---: | ---: |"]
    rows += [f"| {name} | {took.wall:.2f} | {took.cpu:.2f} | {took.wall / last.wall:.2f} |" for name, took in runs]
    more = ["| shards | slowest, s | all together, s | merge, s |", "| ---: | ---: | ---: | ---: |"]
    more += [f"| {of} | {slowest:.1f} | {every:.1f} | {merge:.2f} |" for of, slowest, every, merge in shards]
    return (
        f"{len(files)} files; the least of {TURNS} warm runs of each command, taken turn by turn, the others once.\n\n"
        + "\n".join(rows)
        + "\n\n## In shards\n\nEach shard is one process without a cache, on this machine one after the other.\n\n"
        + "\n".join(more)
        + "\n"
    )


def main(words: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.lint_warm", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    folder = parser.parse_args(words).folder
    if folder is not None and not folder.is_dir():
        parser.error(f"{folder} is no folder")
    library, _ = standard_library()
    if folder is None:
        print(tables(Path(os.path.commonpath(library)), library))
    else:
        print(tables(folder, [str(path) for path in sorted(folder.rglob("*.py"))]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
