"""Under flake8: its tree, its selection, its comments, and nothing printed but its lines."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flake8.main import application

from memlint import flake8_adapter

from .fakes import FAKES, Broken

Flake8 = Callable[..., tuple[int, str]]


@pytest.fixture
def flake8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Flake8:
    """Run flake8 in this process, in ``tmp_path``, with the fake rules."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(flake8_adapter, "RULES", (*FAKES, Broken()))

    def run(*words: str) -> tuple[int, str]:
        app = application.Application()
        app.run([*words, "--jobs", "1"])
        captured = capsys.readouterr()
        assert captured.err == ""
        return app.exit_code(), captured.out

    return run


LEAKS = "import os\nimport socket\nf = open(1)\ng = os.open(1, 2)\nh = socket.socket()\n"


def test_findings_are_flake8s_lines(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAKS)

    assert flake8("--select", "MEM", "a.py") == (1, "a.py:3:5: MEM101 `f` acquired here is not released\n")


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ((), ["MEM101"]),
        (("--select", "MEM"), ["MEM101"]),
        (("--select", "MEM1"), ["MEM101"]),
        (("--select", "MEM4"), ["MEM401"]),
        (("--extend-select", "MEM401"), ["MEM101", "MEM401"]),
        (("--memlint-extend-select", "MEM401"), ["MEM101", "MEM401"]),
        (("--memlint-extend-select", "MEM4,MEM201"), ["MEM101", "MEM201", "MEM401"]),
        (("--memlint-preview",), ["MEM101", "MEM201"]),
        (("--extend-ignore", "MEM1"), []),
        (("--select", "MEM", "--ignore", "MEM101"), []),
    ],
    ids=" ".join,
)
def test_rules_are_chosen_as_flake8_users_choose(
    words: tuple[str, ...], codes: list[str], flake8: Flake8, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text(LEAKS)

    _, out = flake8(*words, "--format", "%(code)s", "a.py")

    assert sorted(out.split()) == codes


def test_flake8s_tree_is_used_and_nothing_is_parsed_twice(
    flake8: Flake8, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text(LEAKS)
    parsed: list[str] = []
    original = compile

    def counted(source: object, filename: str, *rest: object, **named: object) -> object:
        parsed.append(filename)
        return original(source, filename, *rest, **named)  # type: ignore[call-overload]  # passed on as it came

    monkeypatch.setattr("builtins.compile", counted)
    monkeypatch.setattr(ast, "compile", counted, raising=False)

    flake8("--select", "MEM", "a.py")

    assert len(parsed) == 1


def test_noqa_is_flake8s_and_can_be_disabled(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f = open(\n    1,\n)  # noqa: MEM101\n")
    (tmp_path / "b.py").write_text("# memlint: noqa\nf = open(1)\n")

    assert flake8("--select", "MEM", ".") == (0, "")
    assert flake8("--select", "MEM", "--disable-noqa", "--format", "%(path)s", ".") == (1, "./a.py\n./b.py\n")


def test_comments_that_silence_nothing_are_found_when_asked(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1  # type: ignore  # noqa: MEM101\n")

    assert flake8("--select", "MEM,MEM001", "a.py") == (1, "a.py:1:24: MEM001 `MEM101` silences nothing here\n")
    assert flake8("--select", "MEM", "a.py") == (0, "")


def test_both_doors_say_the_same_of_real_files(tmp_path: Path) -> None:
    leaky = Path(__file__).resolve().parents[2] / "examples" / "leaky" / "pricewatch"
    for file in leaky.glob("*.py"):  # each alone: memlint check would look into the other files of a package
        (tmp_path / file.stem).mkdir()
        shutil.copy(file, tmp_path / file.stem)
    commands = (
        [sys.executable, "-m", "flake8", "--isolated", "--select", "MEM", *os.listdir(tmp_path)],
        [sys.executable, "-m", "memlint.cli", "check", "--isolated", "--output-format", "concise"],
    )

    runs = [subprocess.run(c, cwd=tmp_path, capture_output=True, text=True, check=False) for c in commands]
    flake8s, ours = (sorted(run.stdout.splitlines()) for run in runs)

    assert flake8s == ours
    assert len(ours) >= 5


def test_a_syntax_error_is_flake8s_to_tell(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f = = open(1)\n")

    _, out = flake8("--select", "MEM,E9", "--format", "%(code)s", "a.py")

    assert out.split() == ["E999"]


def test_an_internal_error_is_one_line_and_the_rest_goes_on(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f = open(1)  # explode\n")
    (tmp_path / "b.py").write_text("f = open(1)\n")

    _, out = flake8("--select", "MEM", "a.py", "b.py")

    assert out.splitlines() == [
        "a.py:1:1: MEM000 internal error: ZeroDivisionError: division by zero; `memlint check --debug` shows where",
        "b.py:1:5: MEM101 `f` acquired here is not released",
    ]


def test_messages_are_ascii(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("é = open(1)\n", encoding="utf-8")

    assert flake8("--select", "MEM", "a.py") == (1, "a.py:1:5: MEM101 `\\xe9` acquired here is not released\n")


def test_options_stand_in_flake8s_configuration_and_in_ours(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAKS)
    (tmp_path / ".flake8").write_text("[flake8]\nselect = MEM\nmemlint-extend-select = MEM401\n")
    (tmp_path / "pyproject.toml").write_text("[tool.memlint]\nignore = ['MEM101']\npreview = true\n")

    assert flake8("--format", "%(code)s", "a.py") == (1, "MEM201\nMEM401\n")
    (tmp_path / "other.toml").write_text("ignore = ['MEM4']\n")
    assert flake8("--memlint-config", "other.toml", "--format", "%(code)s", "a.py") == (1, "MEM101\nMEM401\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.memlint]\nselct = []\n", "[tool.memlint]: unknown key `selct`; did you mean `select`?"),
        ("[tool.memlint.catalogue]\nacqire = []\n", "[tool.memlint.catalogue]: acqire: unknown section"),
        ("[tool.memlint\n", "is not valid TOML"),
    ],
)
def test_a_wrong_setting_ends_flake8_with_its_words(text: str, said: str, flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAKS)
    (tmp_path / "pyproject.toml").write_text(text)

    code, out = flake8("--select", "MEM", "a.py")

    assert code == 1
    assert "memlint: " in out
    assert said in out


def test_an_unknown_rule_ends_flake8_with_its_words(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()

    code, out = flake8("--memlint-extend-select", "MEM999", "a.py")

    assert (code, "flake8: `extend-select`: no rule `MEM999`" in out) == (1, True)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_real_flake8_loads_the_plugin_and_prints_nothing_else(jobs: str, tmp_path: Path) -> None:
    for letter in "abc":
        (tmp_path / f"{letter}.py").write_text("x = 1\n")

    done = subprocess.run(
        [sys.executable, "-m", "flake8", "--select", "MEM", "--jobs", jobs, "."],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_flake8_names_memlint_among_its_plugins() -> None:
    done = subprocess.run([sys.executable, "-m", "flake8", "--version"], capture_output=True, text=True, check=True)

    assert "pytest-memguard" in done.stdout.replace("\n", " ")
