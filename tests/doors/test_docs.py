"""What the docs of the doors say is what the doors do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from memlint.settings.options import OPTIONS, Place

from .conftest import Command

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_options_is_that_of_the_table() -> None:
    check = [sys.executable, str(DOCS / "reference" / "write_options.py"), "--check"]

    done = subprocess.run(check, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_flag_of_the_table_is_a_flag_of_the_command(memlint: Command) -> None:
    flags = set(re.findall(r"--[a-z-]+", memlint("check", "--help").out))

    assert {f"--{option.key}" for option in OPTIONS if option.place is not Place.FILE_ONLY} <= flags


def test_the_json_page_shows_what_the_command_prints(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import json\ndef load(path):\n    f = open(path)\n    return json.load(f)\n")
    page = (DOCS / "reference" / "json.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    shown = json.loads(block)

    printed = json.loads(memlint("check", "app.py", "gone.py", "--output-format", "json").out)

    assert printed == shown


def test_the_example_of_an_own_resource_can_be_loaded(memlint: Command, tmp_path: Path) -> None:
    page = (DOCS / "reference" / "options.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(block)

    assert tomllib.loads(block)
    assert memlint("check").code == 0


def test_the_flake8_page_names_options_that_flake8_knows() -> None:
    page = (DOCS / "how-to" / "flake8.md").read_text(encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "flake8", "--help"], capture_output=True, text=True, check=True)

    for option in re.findall(r"^(memlint-[a-z-]+) =", page, re.MULTILINE):
        assert f"--{option}" in done.stdout
