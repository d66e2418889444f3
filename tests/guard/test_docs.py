"""What the pages say is what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_memguard import options
from pytest_memguard.guard import watch

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_page_is_what_the_code_says() -> None:
    words = [sys.executable, str(DOCS / "reference" / "write_guard.py"), "--check"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", ["how-to/guard.md", "explanation/guard.md"])
def test_every_option_that_a_page_names_exists(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    named = set(re.findall(r"--memguard(?:-[a-z]+)?", text))
    assert named <= {option.flag for option in options.OPTIONS}


def test_the_python_examples_of_the_how_to_page_run() -> None:
    text = (DOCS / "how-to" / "guard.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, "guard.md", "exec")


SCRIPT = """
import sys
from pytest_memguard.guard import watch
with watch() as watched:
    open("/dev/null")
assert "pytest" not in sys.modules
watched.assert_clean()
"""


def test_a_block_can_be_watched_without_pytest(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    assert "LeakError: the watched block left something behind" in done.stderr
    assert "file /dev/null, closed only by the garbage collector" in done.stderr
    assert "script.py:5 in <module>" in done.stderr


def test_a_watched_block_is_judged_after_it_not_inside() -> None:
    with watch() as watched, pytest.raises(RuntimeError, match="after the `with`"):
        watched.assert_clean()
    watched.assert_clean()
