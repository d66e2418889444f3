"""The shards of a run, merged, say what the run says."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from memlint.cli import main
from memlint.reports import FORMATS
from memlint.results.shards import Shard
from memlint.settings import SettingsError

from .programs import MODULES, PACKAGES, path_of, text_of, write

WRAPPER = "def opened(p):\n    return open(p)\n\n\ndef shut(f):\n    f.close()\n"
USE = """from app.files import opened, shut


def leak(p):
    f = opened(p)
    print(f)


def fine(p):
    f = opened(p)
    shut(f)


def silent(p):
    f = open(p)  # noqa: MEM101
    print(f)
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the current folder whose wrappers and users come to stand in different shards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    rng = random.Random(7)
    for module in (*PACKAGES, *MODULES):
        write(tmp_path, module, text_of(module, rng))
    write(tmp_path, "app.files", WRAPPER)
    for number in range(6):
        (tmp_path / "app" / f"use{number}.py").write_text(USE)
    (tmp_path / "app" / "broken.py").write_text("def f(:\n")
    cell = {"cell_type": "code", "source": ["def g(p):\n", "    f = open(p)\n", "    print(f)\n"]}
    (tmp_path / "book.ipynb").write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]}))
    return tmp_path


def shards(of: int, *words: str) -> list[str]:
    """The report of each shard, as files."""
    names = []
    for number in range(1, of + 1):
        name = f"{number}-of-{of}.report"
        main(["check", "--isolated", "--jobs", "1", "--shard", f"{number}/{of}", "--output-format", "json",
              "--output-file", name, *words, "."])  # fmt: skip
        names.append(name)
    return names


@pytest.mark.parametrize("of", [1, 2, 3, 4, 5])
def test_shards_say_together_what_one_run_says(app: Path, capsys: pytest.CaptureFixture[str], of: int) -> None:
    assert app.is_dir()
    reports = shards(of)
    random.Random(of).shuffle(reports)
    for form in FORMATS:
        code = main(["check", "--isolated", "--no-cache", "--jobs", "1", "--output-format", form, "."])
        whole = capsys.readouterr().out
        assert main(["merge", "--isolated", "--output-format", form, *reports]) == code == 1
        assert capsys.readouterr().out == whole


@pytest.mark.usefixtures("app")
def test_shards_that_share_what_they_find_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--isolated", "--no-cache", "."])
    whole = capsys.readouterr().out
    for _ in range(2):  # the second time, everything is fetched
        reports = shards(3, "--no-cache", "--shared-cache", "shared")
        assert main(["merge", "--isolated", *reports]) == 1
        assert capsys.readouterr().out == whole


@pytest.mark.usefixtures("app")
def test_no_file_is_in_two_shards_and_each_is_in_one(app: Path) -> None:
    files = [str(path) for path in app.rglob("*.py")]
    parts = [Shard(number, 4).mine(files) for number in range(1, 5)]

    assert sorted(path for part in parts for path in part) == sorted(files)
    assert sum(1 for part in parts if part) > 1


def test_checkouts_in_other_places_are_divided_in_the_same_way(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [path_of(module) for module in MODULES]
    here = Shard(1, 3).mine(str(app / name) for name in names)
    monkeypatch.chdir("/")

    assert Shard(1, 3).mine(names) == tuple(str(Path(path).relative_to(app)) for path in here)


@pytest.mark.usefixtures("app")
def test_statistics_and_the_exit_code_are_those_of_one_run(capsys: pytest.CaptureFixture[str]) -> None:
    reports = shards(3)
    assert main(["check", "--isolated", "--statistics", "."]) == 1
    whole = capsys.readouterr().out

    assert main(["merge", "--isolated", "--statistics", *reports]) == 1
    assert capsys.readouterr().out == whole
    assert main(["merge", "--isolated", "--exit-zero", *reports]) == 0


@pytest.mark.usefixtures("app")
def test_a_path_that_is_not_there_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    reports = shards(3, "gone.py")
    capsys.readouterr()

    assert main(["merge", "--isolated", "--output-format", "concise", *reports]) == 2
    assert capsys.readouterr().err == "memlint: gone.py: no such file or folder\n"


def test_the_baseline_is_the_merging_runs_to_compare(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["--baseline", "known.json"]
    main(["check", "--isolated", *base, "--update-baseline", "."])
    (app / "app" / "use2.py").rename(app / "app" / "renamed.py")
    (app / "app" / "use3.py").unlink()
    (app / "app" / "use4.py").write_text(USE + USE.replace("leak", "more").partition("def fine")[0])
    reports = shards(3, *base)
    capsys.readouterr()

    whole = main(["check", "--isolated", *base, "."]), *capsys.readouterr()
    assert (main(["merge", "--isolated", *base, *reports]), *capsys.readouterr()) == whole
    assert "stale" in whole[2]


@pytest.mark.usefixtures("app")
def test_a_baseline_can_be_written_from_shards(app: Path) -> None:
    main(["check", "--isolated", "--baseline", "whole.json", "--update-baseline", "."])
    main(["merge", "--isolated", "--baseline", "merged.json", "--update-baseline", *shards(3)])

    assert (app / "merged.json").read_bytes() == (app / "whole.json").read_bytes()


@pytest.mark.parametrize("words", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/3/5"])
def test_a_shard_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"--shard {words}: write i/n")):
        Shard.read(words)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("chosen", "words", "said"),
    [
        ([0, 1], (), "shard 3/3 is missing"),
        ([0, 1, 1], (), "shard 2/3 is given twice"),
        ([0, 1, 2], ("--strict",), "different settings"),
    ],
)
def test_what_is_not_the_whole_of_one_run_is_refused(
    capsys: pytest.CaptureFixture[str], chosen: list[int], words: tuple[str, ...], said: str
) -> None:
    reports = [shards(3)[number] for number in chosen]
    if words:
        main(
            [
                "check",
                "--isolated",
                *words,
                "--shard",
                "3/3",
                "--output-format",
                "json",
                "--output-file",
                reports[2],
                ".",
            ]
        )
    capsys.readouterr()

    assert main(["merge", "--isolated", *reports]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "is no report of a shard; `memlint check --shard 1/2 --output-format json` writes one"),
        ('{"shard": {"version": 0}}', "cannot be merged: it is not of this version"),
        ('{"shard": {"version": 1, "number": "one"}}', "cannot be merged: it is no report of a shard"),
    ],
    ids=["broken", "deep", "of no shard", "another version", "shapeless"],
)
def test_a_report_that_is_none_is_refused(capsys: pytest.CaptureFixture[str], content: str, said: str) -> None:
    Path("report").write_text(content)

    assert main(["merge", "report"]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("word", ["--update-baseline", "--fix", "--diff", "--fix-only", "--watch", "--add-noqa=reason"])
def test_a_shard_changes_nothing(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert main(["check", "--isolated", "--shard", "1/2", word, "."]) == 2
    assert f"leave {word.partition('=')[0]} out" in capsys.readouterr().err
