"""``--watch`` checks again after a change; progress is for terminals and long runs."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memlint.cli import progress as progress_module
from memlint.cli import watch as watch_module
from memlint.cli.arguments import parse
from memlint.cli.check import check_once
from memlint.cli.progress import Progress

from .conftest import Command
from .fakes import FAKES

Change = Callable[[], object]


@pytest.fixture
def watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Watch ``tmp_path`` while changes are made between two looks; what was printed after each."""
    monkeypatch.chdir(tmp_path)

    def run(*changes: Change) -> list[str]:
        told: list[str] = []
        pending: Iterator[Change] = iter(changes)

        def sleep(seconds: float) -> None:
            assert seconds == watch_module.PAUSE
            captured = capsys.readouterr()
            told.append(captured.out + captured.err)
            change = next(pending, None)
            if change is None:
                raise KeyboardInterrupt
            change()

        arguments = parse(["check", "--watch", "--output-format", "concise"])
        assert watch_module.watch(arguments, FAKES, lambda: check_once(arguments, FAKES), sleep) == 0
        return told

    return run


def test_a_change_is_checked_and_silence_is_kept_otherwise(watched: Callable[..., list[str]], tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("f = open(1)\n")

    told = watched(
        lambda: None,
        lambda: path.write_text("x = 1\n\n\n"),
        lambda: (tmp_path / "b.py").write_text("g = open(2)\n"),
        lambda: (tmp_path / "b.py").unlink(),
    )

    assert told[0].startswith("a.py:1:5: MEM101")
    assert told[1] == ""
    assert told[2] == "memlint: waiting for changes; Ctrl-C ends\n"
    assert told[3].startswith("b.py:1:5: MEM101")
    assert told[4] == "memlint: waiting for changes; Ctrl-C ends\n"


def test_a_setting_that_breaks_is_told_and_may_be_mended(watched: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f = open(1)\n")
    settings = tmp_path / "pyproject.toml"

    told = watched(
        lambda: settings.write_text("[tool.memlint]\nselct = []\n"),
        lambda: settings.write_text("[tool.memlint]\nignore = ['MEM101']\n"),
    )

    assert "unknown key `selct`" in told[1]
    assert told[2] == "memlint: waiting for changes; Ctrl-C ends\n"


def test_standard_input_cannot_be_watched(faked: Command) -> None:
    assert faked("check", "-", "--watch").err == "memlint: --watch cannot watch standard input\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "shown"), [(Terminal(), "\r2 of 3 files\r3 of 3 files\r\x1b[K"), (io.StringIO(), "")]
)
def test_progress_is_shown_on_a_terminal_after_a_while(stream: io.StringIO, shown: str) -> None:
    times = iter([0.0, 0.5, 1.0, 1.0, 1.0 + progress_module.PAUSE, 2.0])
    progress = Progress(3, stream, lambda: next(times))

    for _ in range(3):
        progress.step()
    progress.end()

    assert stream.getvalue() == shown


def test_a_short_run_stays_quiet() -> None:
    stream = Terminal()
    progress = Progress(3, stream, lambda: 0.0)

    for _ in range(3):
        progress.step()
    progress.end()

    assert stream.getvalue() == ""


def test_an_interrupted_run_is_one_line(faked: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.py").write_text("f = open(1)\n")
    monkeypatch.setattr("memlint.engine.checker.open", interrupt, raising=False)

    outcome = faked("check", os.curdir)

    assert (outcome.code, outcome.out) == (130, "")
