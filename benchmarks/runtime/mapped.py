"""Memory while a file is read that is larger than the machine's RAM: through windows, and mapped whole.

    python -m benchmarks.runtime mapped [--quick]

The file is sparse, so it takes no room on the disk; of every eighth window one page in each MiB is read.  Each way runs
in a child process of its own, whose resident memory is looked at once for each window.
"""

from __future__ import annotations

import mmap
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.runtime.rows import figure, print_table
from pytest_memguard.runtime import MappedFile, read_memory

WINDOW = 64 << 20
STEP = 8 * WINDOW
STRIDE = 1 << 20
ENOUGH = 256.0
"""MiB: what counts as constant for a file of many gibibytes."""


def main(quick: bool = False) -> None:
    """Print one table."""
    size = 2 << 30 if quick else read_memory().limit * 5 // 4
    rows = [_row("memguard MappedFile, windows", "windows", size), _row("mmap, the whole file", "whole", size)]
    print_table("the most memory used meanwhile", ("", "file, MiB", "resident, MiB"), rows)
    figure(
        "MappedFile",
        f"memory while a file of {size / (1 << 30):.0f} GiB is read ({'less' if quick else 'more'} than the RAM)",
        "constant",
        f"{rows[0][2]:.0f} MiB",
        rows[0][2] <= ENOUGH,
        f"mmap of {rows[1][1]} MiB: {rows[1][2]:.0f} MiB",
    )


def _row(name: str, way: str, size: int) -> tuple[str, int, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        with path.open("wb") as file:
            file.truncate(size)
        command = [sys.executable, "-m", "benchmarks.runtime.mapped", way, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (name, size >> 20, float(done.stdout))


def child(way: str, path: str) -> None:
    """Read the file in one way; print how many MiB more than before were resident meanwhile."""
    base = most = read_memory().rss
    if way == "windows":
        with MappedFile(path) as file:
            for offset in range(0, len(file) - WINDOW, STEP):
                with file.window(offset, WINDOW) as view:
                    assert not any(view[::STRIDE])
                    most = max(most, read_memory().rss)
    else:
        with open(path, "rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            for offset in range(0, len(whole) - WINDOW, STEP):
                assert not any(whole[offset : offset + WINDOW : STRIDE])
                most = max(most, read_memory().rss)
    print((most - base) / (1 << 20))


if __name__ == "__main__":
    child(*sys.argv[1:])
