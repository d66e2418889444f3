"""Build the distribution, and install it into environments that hold nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Installed:
    """A fresh environment that holds the distribution and nothing else."""

    home: Path
    checkout: Path
    """Where the installed code came from; for an editable install, where it still is."""

    def run(self, program: str, *words: str, ends: int = 0) -> str:
        """Run one of the environment's programs in an empty folder, warnings being errors; returns what it printed."""
        empty = self.home / "empty"
        empty.mkdir(exist_ok=True)
        command = [str(self.home / "bin" / program), *words]
        environment = {**os.environ, "PYTHONWARNINGS": "error"}
        done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True)
        assert done.returncode == ends, done.stdout + done.stderr
        return done.stdout


def build(checkout: Path, out: Path, *kinds: str) -> None:
    """Run `python -m build` with the backend that the test environment has."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *kinds, str(checkout)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


def install(home: Path, checkout: Path, *words: str) -> Installed:
    """Make an environment without pip in it, and install there from outside."""
    venv.create(home, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install"]
    command = [*pip, "--quiet", "--disable-pip-version-check", "--no-deps", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return Installed(home, checkout)
