"""The command that compares the utilities with their peers: what it takes, refuses and writes.  Nothing is measured."""

from __future__ import annotations

import importlib
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "runtime"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.runtime.__main__")


def test_every_table_is_in_the_list(command: ModuleType) -> None:
    tables = {path.stem for path in FOLDER.glob("*.py") if "\ndef main(quick" in path.read_text(encoding="utf-8")}

    assert tables == {*command.TABLES, *command.BY_NAME}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["pools"], "no such table: pools; there are pool, fairness"),
        (["--write", "--quick"], "--write takes every table with full rounds"),
        (["--write", "pool"], "leave out --quick and the names"),
    ],
)
def test_bad_use_is_named(
    command: ModuleType, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(words)

    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_the_page_says_what_is_met_what_is_missed_and_who_was_not_there(
    command: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = importlib.import_module("benchmarks.runtime.rows")
    monkeypatch.setitem(
        command.page.__globals__, "figures", [rows.Figure("Pool", "a | b", "1 µs", "2 µs", False, "x 3")]
    )
    monkeypatch.setitem(command.page.__globals__, "tables", [rows.Table("times", ("", "ns"), (("ours", "2000"),))])

    text = command.page([1.0, 2.5], ["theine"])

    assert "load average was between 1.0 and 2.5" in text
    assert "Not installed, so not compared: theine." in text
    assert "0 of 1 are met." in text
    assert "| Pool | a \\| b | 1 µs | 2 µs | no | x 3 |" in text
    assert "## Times\n|  | ns |\n|---|--:|\n| ours | 2000 |" in text


def test_a_peer_that_is_not_installed_is_left_out_and_named(
    command: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = importlib.import_module("benchmarks.runtime.rows")

    assert rows.peer("no_such_library_anywhere") is None
    assert "no_such_library_anywhere is not installed: left out" in capsys.readouterr().out
    assert command.missing[-1] == "no_such_library_anywhere"
    rows.missing.remove("no_such_library_anywhere")


def test_the_bench_extra_brings_every_peer() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = {re.split(r"[\[><=]", each)[0] for each in extras["bench"] + extras["postgres"] + extras["fast"]}
    homes = packages_distributions()
    wanted = {
        module
        for path in FOLDER.glob("*.py")
        for module in re.findall(r'peer\("([a-z_0-9]+)', path.read_text(encoding="utf-8"))
    }
    missing = {
        module
        for module in wanted
        if not named & {home.lower().replace("_", "-") for home in homes.get(module, [module.replace("_", "-")])}
    }

    assert "sqlalchemy" in wanted
    assert missing - {"lru"} == set()  # lru is lru-dict's
    assert "lru-dict" in named
