"""Check the standard library and unpacked packages, and tell what came of each.

    python -m benchmarks.corpus                            the standard library of this Python, with and without `test`
    python -m benchmarks.corpus --packages FOLDER          every package that lies unpacked in FOLDER, too
    python -m benchmarks.corpus --packages FOLDER --write  print nothing, write docs/reference/corpus.md
    python -m benchmarks.corpus --findings FILE            also write each finding to FILE, one a line
    python -m benchmarks.corpus --slowest 10               also print the files that cost most a line

Everything runs in this one process.  Times are CPU time.  Exit code 1 when any file met an internal error.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from memlint.engine import Checker, FileResult, find_files
from memlint.findings import Finding
from memlint.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "corpus.md"
HEAD = """# What memlint says of real code

Written by `python -m benchmarks.corpus --packages FOLDER --write`; do not edit. FOLDER holds unpacked source archives,
one folder a package, named `<name>-<version>`. Every Python file below it is checked with the default settings, its own
tests too. Times are CPU time of one process on {machine}.

"""


@dataclass(slots=True)
class Row:
    """One package, and what came of its files."""

    name: str
    files: int = 0
    lines: int = 0
    seconds: float = 0.0
    unparsable: int = 0
    unreadable: int = 0
    internal: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    costs: list[tuple[float, int, str]] = field(default_factory=list)
    """Seconds, lines and path of each file."""

    def add(self, result: FileResult, lines: int, seconds: float) -> None:
        """Count one file."""
        self.files += 1
        self.lines += lines
        self.seconds += seconds
        self.costs.append((seconds, lines, result.path))
        if result.failure is not None and result.failure.internal:
            self.internal.append(f"{result.path}: {result.failure.reason}\n{result.failure.trace}")
        elif result.failure is not None:
            self.unreadable += 1
        self.unparsable += sum(finding.code == "MEM000" for finding in result.findings)
        self.findings += [finding for finding in result.findings if finding.code != "MEM000"]
        self.skipped += [f"{result.path}:{each.line} {each.symbol}: {each.reason}" for each in result.skipped]

    @property
    def codes(self) -> Counter[str]:
        """How often each code was reported."""
        return Counter(finding.code for finding in self.findings)


def survey(name: str, paths: Iterable[str], checker: Checker) -> Row:
    """Check every file and count."""
    row = Row(name)
    for path in paths:
        try:
            data = Path(path).read_bytes()
        except OSError:
            row.unreadable += 1
            continue
        started = time.process_time()
        result = checker.check_bytes(data, path)
        row.add(result, data.count(b"\n") + 1, time.process_time() - started)
    return row


def standard_library() -> tuple[list[str], list[str]]:
    """The files of this interpreter's library: those outside its folder `test`, and those in it."""
    root = Path(sysconfig.get_path("stdlib"))
    settings = Settings(root=str(root), exclude=("site-packages", "__pycache__"))
    tests: list[str] = []
    others: list[str] = []
    for path in find_files([str(root)], settings).files:
        (tests if Path(path).relative_to(root).parts[0] == "test" else others).append(path)
    return others, tests


def packages(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The unpacked packages in a folder, each with its files."""
    for each in sorted(folder.iterdir()):
        if each.is_dir():
            yield each.name, list(find_files([str(each)], Settings(root=str(each), exclude=("__pycache__",))).files)


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table with a last row for all of them."""
    codes = sorted({code for row in rows for code in row.codes})
    heads = ["package", "files", "lines", "seconds", "internal errors", "not Python", "functions skipped", *codes]
    cells = [_cells(row, codes) for row in [*rows, _total(rows)]]
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *cells]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(row: Row, codes: list[str]) -> list[str]:
    found = [str(row.codes[code] or "") for code in codes]
    counts = (len(row.internal), row.unparsable, len(row.skipped))
    return [row.name, str(row.files), str(row.lines), f"{row.seconds:.1f}", *map(str, counts), *found]


def _total(rows: list[Row]) -> Row:
    total = Row("all")
    for row in rows:
        total.files += row.files
        total.lines += row.lines
        total.seconds += row.seconds
        total.unparsable += row.unparsable
        total.internal += row.internal
        total.skipped += row.skipped
        total.findings += row.findings
    return total


def reasons(rows: list[Row]) -> str:
    """Why functions were skipped, as a list."""
    counted = Counter(skipped.rpartition(": ")[2] for row in rows for skipped in row.skipped)
    if not counted:
        return ""
    lines = [f"- {reason}: {count}\n" for reason, count in counted.most_common()]
    return "\nFunctions that were not judged, or not on every path, by reason:\n\n" + "".join(lines)


def machine() -> str:
    """This interpreter and processor, for the page."""
    return f"CPython {platform.python_version()} on {platform.system()} {platform.machine()}"


def tell(findings: Iterable[Finding], root: str) -> str:
    """Findings one a line, paths relative to ``root`` where they are below it."""
    return "".join(
        f"{os.path.relpath(f.path, root) if root else f.path}:{f.span.line}:{f.span.column + 1} {f.code} {f.message}\n"
        for f in findings
    )


def main(words: list[str] | None = None) -> int:
    """Read the command line, survey, print or write."""
    parser = argparse.ArgumentParser(prog="benchmarks.corpus", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packages", type=Path, metavar="FOLDER", help="a folder of unpacked packages")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only rows whose name holds this")
    parser.add_argument("--write", action="store_true", help=f"write docs/reference/{PAGE.name}")
    parser.add_argument("--findings", type=Path, metavar="FILE", help="write each finding to FILE")
    parser.add_argument("--slowest", type=int, default=0, metavar="N", help="print the N files that cost most a line")
    asked = parser.parse_args(words)
    if asked.packages is not None and not asked.packages.is_dir():
        parser.error(f"--packages: {asked.packages} is no folder")
    library, tests = standard_library()
    sources = [("standard library", library), ("standard library, test", tests)]
    sources += packages(asked.packages) if asked.packages is not None else []
    checker = Checker(Settings())
    rows = [
        survey(name, paths, checker)
        for name, paths in sources
        if not asked.only or any(word in name for word in asked.only)
    ]
    found = table(rows) + reasons(rows)
    if asked.write:
        PAGE.write_text(HEAD.format(machine=machine()) + found, encoding="utf-8")
    else:
        print(found)
    if asked.findings is not None:
        asked.findings.write_text(tell((f for row in rows for f in row.findings), ""), encoding="utf-8")
    slow = sorted((cost for row in rows for cost in row.costs), key=lambda c: c[0] / (c[1] + 100), reverse=True)
    for seconds, lines, path in slow[: asked.slowest]:
        print(f"{seconds:6.2f} s {lines:7} lines {1e6 * seconds / lines:7.0f} µs/line  {path}")
    broken = [each for row in rows for each in row.internal]
    print(*broken, sep="\n", end="\n" if broken else "", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
