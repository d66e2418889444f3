"""The command as a user runs it, and the command with rules of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from memlint.cli import main
from memlint.rules import Rule

from .fakes import FAKES


@dataclass(frozen=True)
class Outcome:
    """What a run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Command = Callable[..., Outcome]


@pytest.fixture
def memlint(tmp_path: Path) -> Command:
    """Run the real command in a fresh process, in ``tmp_path``."""

    def run(*words: str | bytes, stdin: bytes = b"", cwd: Path = tmp_path, **environment: str) -> Outcome:
        inherited = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
        done = subprocess.run(
            [sys.executable, "-m", "memlint.cli", *words],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env=inherited | environment,
            timeout=60,
            check=False,
        )
        out, err = done.stdout.decode(errors="surrogateescape"), done.stderr.decode(errors="surrogateescape")
        assert "Traceback" not in err or "--debug" in words
        return Outcome(done.returncode, out, err)

    return run


@pytest.fixture
def faked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process, in ``tmp_path``, with the fake rules."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*words: str, rules: Sequence[Rule] = FAKES) -> Outcome:
        code = main(words, rules)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run
