"""What README.md shows is what the commands print."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```console\n\$ (.+)\n((?:.*\n)*?)```$", README, re.MULTILINE)
VARIES = (
    (r"\d+\.\d\ds\b", "0.10s"),  # how long it took
    (r"\b127\.0\.0\.1:\d{2,}", "127.0.0.1:40000"),  # the system's choice of a port
    (r"\bpid \d+", "pid 1000"),
    (r"/\S+/pytest-of-\w+/pytest-\d+/", "/tmp/"),  # pytest's base of temporary folders
    (r"\[seed [0-9]+\]|--randomly-seed=\d+", "seed"),
)


def settled(text: str) -> str:
    """Put one value for whatever differs from run to run, and drop blanks at the ends of lines."""
    for pattern, value in VARIES:
        text = re.sub(pattern, value, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def agrees(shown: str, printed: str) -> bool:
    """Compare whole outputs; a line `...` in the shown one stands for any lines."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.$\n?", settled(shown) + "\n", flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*".join(parts), settled(printed) + "\n") is not None


@pytest.mark.parametrize(
    ("shown", "same"),
    [("a\nb", True), ("a", False), ("...\nb", True), ("a\n...", True), ("...\na", False), ("a\n...\nb", True)],
)
def test_three_dots_stand_for_any_lines_and_for_nothing_else(shown: str, same: bool) -> None:
    assert agrees(shown, "a\nb\n") is same


@pytest.mark.parametrize("tool", ["memlint check", "pytest --memguard"])
def test_the_readme_shows_both_halves(tool: str) -> None:
    assert any(command.startswith(tool) for command, _ in SHOWN)


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_readme_shows_what_the_command_prints(command: str, shown: str) -> None:
    program, *words = shlex.split(command)
    environment = {**os.environ, "COLUMNS": "80", "PYTEST_ADDOPTS": "-p no:randomly", "NO_COLOR": "1"}
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *words],
        cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert agrees(shown, done.stdout), settled(done.stdout)
