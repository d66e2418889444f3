"""The report does not depend on the number of processes, on the order of paths, or on what is kept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from memlint.cli import main
from memlint.reports import FORMATS

from .programs import MODULES, PACKAGES, text_of, write


@pytest.mark.parametrize("seed", range(3))
def test_jobs_and_the_order_of_paths_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    rng = random.Random(seed)
    for module in (*PACKAGES, *MODULES):
        write(tmp_path, module, text_of(module, rng))
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.py"))

    def said(jobs: int, paths: list[str], form: str, *words: str) -> str:
        main(["check", "--isolated", "--jobs", str(jobs), "--output-format", form, *words, *paths])
        return capsys.readouterr().out

    for form in FORMATS:
        whole = said(1, files, form, "--no-cache")
        for jobs in (1, 2, 3):
            rng.shuffle(files)
            assert said(jobs, files, form, *(["--no-cache"] if jobs < 3 else [])) == whole
