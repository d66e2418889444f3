"""Runs with and without what is kept, to be compared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from memlint.cli.arguments import parse
from memlint.cli.judge import Judge
from memlint.engine import find_files
from memlint.engine.run import gather
from memlint.reports import Report
from memlint.results import disk
from memlint.results.result import FileResult


def judged(folder: Path, *words: str, paths: Sequence[Path] = ()) -> tuple[Report, Judge]:
    """The report on a folder, and what made it; with a cache in the folder unless ``words`` say otherwise."""
    chosen = [str(path) for path in paths or (folder,)]
    kept = ("--cache-dir", str(folder / ".memlint_cache"))
    judge = Judge(parse(["check", "--isolated", "--jobs", "1", *kept, *words, *chosen]), chosen, None)
    results: list[FileResult] = []
    judge.judge(find_files(chosen, judge.settings).files, results.append)
    return gather(results, (), judge.rules), judge


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe the stamp of a file that was written just now, as one does of a file written long ago."""
    monkeypatch.setattr(disk, "SETTLED", -(1 << 62))


def set_back(path: Path, seconds: float) -> None:
    """Let a file be some seconds older."""
    status = path.stat()
    os.utime(path, (status.st_atime - seconds, status.st_mtime - seconds))
