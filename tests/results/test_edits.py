"""A run with a cache says what a run without says, whatever was edited in between."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.engine import Checker, find_files
from memlint.results import disk
from memlint.settings import Settings

from .conftest import judged
from .programs import edit, write_project

EXAMPLES = int(os.environ.get("MEMLINT_EDITED_PROJECTS", "30"))
"""Projects to edit; more of them by hand."""
EDITS = 6


@pytest.mark.parametrize("settles", [-(1 << 62), disk.SETTLED], ids=["stamps are believed", "stamps are too young"])
def test_a_cached_run_says_what_a_cold_one_says_after_any_edit(settles: int) -> None:
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.integers(0, 1 << 32))
    def compare(seed: int) -> None:
        rng = random.Random(seed)
        with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
            patch.setattr(disk, "SETTLED", settles)
            folder = Path(name)
            write_project(folder, rng)
            done = ["nothing was done"]
            for _ in range(EDITS):
                cached, _ = judged(folder)
                assert cached == judged(folder, "--no-cache")[0], done
                again, judge = judged(folder)
                assert again == cached
                assert judge.kept == cached.files, "a file was judged again that nobody had touched"
                done.append(edit(folder, rng))

    compare()


def test_a_run_over_a_part_leaves_the_rest_as_it_was() -> None:
    @settings(max_examples=EXAMPLES // 2, deadline=None)
    @given(st.integers(0, 1 << 32))
    def compare(seed: int) -> None:
        rng = random.Random(seed)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_project(folder, rng)
            for _ in range(EDITS):
                files = sorted(folder.rglob("*.py"))
                if files:
                    judged(folder, paths=rng.sample(files, rng.randrange(1, len(files) + 1)))
                edit(folder, rng)
                assert judged(folder)[0] == judged(folder, "--no-cache")[0]

    compare()


def test_what_is_found_in_a_file_does_not_depend_on_the_files_before_it() -> None:
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.integers(0, 1 << 32))
    def compare(seed: int) -> None:
        rng = random.Random(seed)
        with tempfile.TemporaryDirectory() as name:
            write_project(Path(name), rng)
            files = list(find_files([name], Settings()).files)
            alone = {path: Checker(Settings()).check_file(path) for path in files}
            rng.shuffle(files)
            checker = Checker(Settings())
            assert {path: checker.check_file(path) for path in files} == alone

    compare()
