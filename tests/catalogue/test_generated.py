"""What is generated from the catalogue's files is what they say now."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from memlint.catalogue import load

ROOT = Path(__file__).parents[2]


def test_generated_files_are_fresh() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/catalogue_files.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_example_of_the_page_works() -> None:
    page = (ROOT / "docs" / "reference" / "catalogue.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    table = tomllib.loads(example)["tool"]["memlint"]["catalogue"]
    catalogue = load(table, plugins=False)
    assert catalogue.acquires["gadgets.lend"][0].kind == "shop lease"
    assert "gadgets.look_at" in catalogue.borrows


def test_the_page_explains_every_key() -> None:
    page = (ROOT / "docs" / "reference" / "catalogue.md").read_text("utf-8")
    assert not re.findall(r"^\| `\w+`[^|]*\|\s*\|$", page, re.MULTILINE)
