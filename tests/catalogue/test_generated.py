"""What is generated from the catalogue's files is what they say now."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_generated_files_are_fresh() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/catalogue_files.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_page_explains_every_key() -> None:
    page = (ROOT / "docs" / "reference" / "catalogue.md").read_text("utf-8")
    assert not re.findall(r"^\| `\w+`[^|]*\|\s*\|$", page, re.MULTILINE)
