"""Run suites again and again in random orders, serially and spread over workers: does a verdict of the guard flip?

    python benchmarks/orders.py --work DIR [--orders 10] [--workers 4] [NAME ...]

`pairs` are our own leaky and clean twins of every kind; any other name is one of `benchmarks/suites.py`.  A verdict is
what is said of a test: of which kind, with which fingerprint, and whether it fails for it.  It flips when it is not the
same in all runs.  What a wider fixture leaves counts for the fixture, whichever test comes last, and counts when it
fails: what is only noted there are the other ends of the connections that tests have left.  A test that fails by itself
in one of the orders is not judged and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import suites

Verdicts: TypeAlias = dict[str, frozenset[tuple[str, str, bool]]]
"""By test: what was said of it."""
PAIRS = suites.CHECKOUT / "tests" / "guard" / "cases"


@dataclass(frozen=True)
class Place:
    """Where and with what a suite is run."""

    name: str
    python: Path
    folder: Path
    arguments: tuple[str, ...]
    path: str = ""


def places(work: Path, names: list[str]) -> list[Place]:
    """Prepare what is named."""
    found = []
    known = {suite.name: suite for suite in suites.SUITES}
    for name in names:
        if name == "pairs":
            folder = work / "pairs"
            shutil.copytree(PAIRS, folder, dirs_exist_ok=True)
            found.append(
                Place(name, Path(sys.executable), folder, ("-o", "addopts=", "matrix_cases.py", "state_cases.py"))
            )
            continue
        suite = known[name]
        python = suites.prepare(work, [suite])
        suites.pip(python, "install", "pytest-randomly", "pytest-xdist")
        (work / "suite_setup.py").write_text(suite.setup + "\n")
        folder = suites.source(work, suite)
        path = os.pathsep.join([str(folder / "src"), str(folder), str(work)])
        found.append(Place(name, python, folder, suite.arguments, path))
    return found


def run(work: Path, place: Place, seed: int, workers: int) -> tuple[Verdicts, set[str]]:
    """Run once; what was said, and which tests failed by themselves."""
    document = work / "orders.json"
    document.unlink(missing_ok=True)
    spread = ["-n", str(workers)] if workers else []
    words = [str(place.python), "-m", "pytest", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", *place.arguments]
    guard = ["--memguard", f"--memguard-json={document}", f"--randomly-seed={seed}"]
    plugins = [] if place.name == "pairs" else suites.plugins(without=("randomly",))
    done = subprocess.run(
        [*words, *plugins, *guard, *spread],
        cwd=place.folder,
        env={**os.environ, "PYTHONPATH": place.path, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if not document.exists():
        sys.exit(f"{place.name}, seed {seed}: no findings were written\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    findings: list[dict[str, Any]] = json.loads(document.read_text())["findings"]
    said: dict[str, set[tuple[str, str, bool]]] = {}
    for each in findings:
        of_fixture = " fixture " in each["owner"]
        if each["subject"] and (each["fails"] or not of_fixture):
            whose = each["owner"] if of_fixture else each["test"]
            said.setdefault(whose, set()).add((each["kind"], each["fingerprint"], each["fails"]))
    failed = set(re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE))
    guilty = {each["test"] for each in findings if each["fails"]}
    return {test: frozenset(verdicts) for test, verdicts in said.items()}, failed - guilty


def flips(runs: list[tuple[Verdicts, set[str]]]) -> dict[str, Counter[object]]:
    """The tests of which not always the same was said."""
    unjudged = set().union(*(failed for _, failed in runs))
    tests = {test for verdicts, _ in runs for test in verdicts} - unjudged
    seen = {test: Counter(verdicts.get(test, frozenset()) for verdicts, _ in runs) for test in sorted(tests)}
    return {test: counts for test, counts in seen.items() if len(counts) > 1}


def main() -> None:
    """Read the arguments, run, print the table and every flip."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=["pairs", "h11"], help="`pairs`, or suites of benchmarks/suites.py")
    parser.add_argument("--work", type=Path, required=True, help="folder for the environment and sources")
    parser.add_argument("--orders", type=int, default=10, help="how many random orders of each sort")
    parser.add_argument("--workers", type=int, default=4, help="for the runs that are spread")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - {"pairs", *(suite.name for suite in suites.SUITES)}
    if unknown:
        parser.error(f"there is no suite {', '.join(sorted(unknown))}")
    work = chosen.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    print(f"| suite | orders, serial | orders, -n {chosen.workers} | tests with a finding | that fail | flips |")
    print("|---|---|---|---|---|---|")
    for place in places(work, chosen.names):
        runs = [
            run(work, place, seed, workers) for workers in (0, chosen.workers) for seed in range(1, chosen.orders + 1)
        ]
        flipped = flips(runs)
        with_finding = {test for verdicts, _ in runs for test in verdicts}
        failing = {test for verdicts, _ in runs for test, said in verdicts.items() if any(fails for *_, fails in said)}
        numbers = f"| {chosen.orders} | {chosen.orders} | {len(with_finding)} | {len(failing)} | {len(flipped)} |"
        print(f"| {place.name} {numbers}", flush=True)
        for test, counts in flipped.items():
            print(f"\n{test}:")
            for verdicts, times in counts.most_common():
                print(f"  {times} times {sorted(verdicts) or 'nothing'}")


if __name__ == "__main__":
    sys.exit(main())
