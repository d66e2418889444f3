"""What README.md shows is what the commands print."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parent.parent.parent
WRITER: dict[str, Any] = runpy.run_path(str(CHECKOUT / "docs" / "write_readme.py"))
BLOCKS: list[dict[str, str]] = [
    block.groupdict() for block in WRITER["SHOWN"].finditer((CHECKOUT / "README.md").read_text(encoding="utf-8"))
]


def test_the_readme_shows_both_halves() -> None:
    commands = [block["command"] for block in BLOCKS]
    assert [command.startswith("memlint check ") for command in commands] == [True, False]
    assert ["--memguard" in command for command in commands] == [False, True]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block["command"])
def test_the_readme_shows_what_the_command_prints(block: dict[str, str]) -> None:
    output = WRITER["printed"](block["command"])
    assert WRITER["agrees"](block["output"], output), f"run `python docs/write_readme.py`; it prints\n{output}"


def test_only_times_and_ports_may_differ() -> None:
    agrees = WRITER["agrees"]
    assert agrees("1 failed in 0.12s on 127.0.0.1:4711\n", "1 failed in 3.50s on 127.0.0.1:52000\n")
    assert not agrees("1 failed in 0.12s\n", "2 failed in 0.12s\n")
