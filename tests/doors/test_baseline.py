"""A baseline hides what is known, by what it says and not by where; what is gone is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command

LEAKS = "f = open(1)\ng = open(2)\n"
QUIET = ("--output-format", "concise", "--baseline", "known.json")


@pytest.fixture
def known(faked: Command, tmp_path: Path) -> Path:
    """A baseline of two findings in ``a.py``."""
    (tmp_path / "a.py").write_text(LEAKS)
    outcome = faked("check", "--baseline", "known.json", "--update-baseline")
    assert (outcome.code, outcome.out) == (0, "No findings in 1 file (2 in the baseline).\n")
    assert outcome.err == "memlint: known.json: 2 findings written\n"
    return tmp_path / "known.json"


@pytest.mark.usefixtures("known")
def test_known_findings_are_hidden_and_new_ones_shown(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# moved\n\n" + LEAKS + "h = open(3)\n")

    outcome = faked("check", *QUIET)

    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out == "a.py:5:5: MEM101 `h` acquired here is not released\n"


@pytest.mark.usefixtures("known")
def test_one_more_of_the_same_is_new(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAKS + "f = open(1)\n")

    assert faked("check", *QUIET).out == "a.py:3:5: MEM101 `f` acquired here is not released\n"


@pytest.mark.usefixtures("known")
def test_a_stale_entry_is_told_and_forgotten_on_demand(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("g = open(2)\n")

    outcome = faked("check", *QUIET)

    assert outcome.code == 0
    assert outcome.err == (
        "memlint: known.json: stale: MEM101 in `<module>` of a.py is gone; --update-baseline forgets it\n"
    )
    faked("check", *QUIET, "--update-baseline")
    assert faked("check", *QUIET).err == ""


@pytest.mark.usefixtures("known")
def test_a_file_that_was_not_looked_at_makes_nothing_stale(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("x = 1\n")

    assert faked("check", "b.py", *QUIET).err == ""


@pytest.mark.usefixtures("known")
def test_a_renamed_file_keeps_its_entries(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").rename(tmp_path / "b.py")

    assert faked("check", *QUIET) == faked("check", "b.py", *QUIET)
    assert faked("check", *QUIET).code == 0


def test_a_baseline_reads_as_text_and_holds_no_line_numbers(known: Path) -> None:
    document = json.loads(known.read_text())

    assert document["entries"][0] == {
        "path": "a.py",
        "code": "MEM101",
        "symbol": "<module>",
        "text": "f = open(1)",
        "count": 1,
    }
    assert len(known.read_text().splitlines()) == 5 + len(document["entries"])


def test_the_setting_is_relative_to_its_file(
    known: Path, faked: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.memlint]\nbaseline = 'known.json'\n")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")

    assert faked("check", "../a.py").code == 0
    assert known.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "known.json: no such baseline; `--update-baseline` writes one"),
        ("{", "known.json: the baseline cannot be read: "),
        ("[]", "known.json: is no baseline of version 1"),
        ('{"memlint-baseline": 2}', "known.json: is no baseline of version 1"),
        ('{"memlint-baseline": 1}', "known.json: an entry of the baseline is incomplete: KeyError('entries')"),
        ('{"memlint-baseline": 1, "entries": [{"path": "a"}]}', "known.json: an entry of the baseline is incomplete"),
    ],
)
def test_a_broken_baseline_is_one_line(text: str | None, said: str, faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAKS)
    if text is not None:
        (tmp_path / "known.json").write_text(text)

    outcome = faked("check", *QUIET)

    assert outcome.code == 2
    assert outcome.err.startswith(f"memlint: {said}")
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.usefixtures("known")
def test_updating_keeps_what_the_run_did_not_look_at(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("import socket\nh = open(3)\ns = socket.socket()\n")

    faked("check", "b.py", *QUIET, "--update-baseline")
    faked("check", "b.py", *QUIET, "--select", "MEM4", "--update-baseline")

    assert faked("check", *QUIET, "--select", "ALL") == faked("check", *QUIET)
    assert faked("check", *QUIET, "--select", "ALL").code == 0
    assert faked("check", "--output-format", "concise", "--select", "ALL").out.count("\n") == 4


@pytest.mark.usefixtures("known")
def test_a_rule_that_did_not_run_makes_nothing_stale(faked: Command) -> None:
    assert faked("check", *QUIET, "--select", "MEM4").err == ""


def test_updating_needs_a_whole_run(faked: Command) -> None:
    outcome = faked("check", *QUIET, "--update-baseline", "--since", "HEAD")

    assert (outcome.code, outcome.err) == (2, "memlint: --update-baseline needs a whole run: leave --since out\n")


def test_updating_needs_a_file(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAKS)

    assert faked("check", "--update-baseline").err == "memlint: --update-baseline needs a file: --baseline FILE\n"


def test_a_file_that_does_not_parse_is_never_known(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = = 1\n")

    assert faked("check", "--baseline", "known.json", "--update-baseline").code == 1
