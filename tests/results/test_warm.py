"""A run whose results are all kept does without everything that finds them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from memlint.cli import main
code = main(["check", "--isolated", *sys.argv[1:], "app.py"])
print(code, *sorted(sys.modules), file=sys.stderr)
"""
NEEDLESS = (
    "memlint.rules", "memlint.flow", "memlint.cfg", "memlint.catalogue", "memlint.engine.checker", "memlint.rulebook",
    "tomllib", "pathlib", "subprocess", "multiprocessing", "importlib.metadata", "redis", "libcst", "hashlib",
    "dataclasses", "inspect", "typing", "shutil",
)  # fmt: skip


def modules(folder: Path, *words: str) -> set[str]:
    """What a run in a fresh process imports."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM, *words], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert "MEM101" in done.stdout
    code, *names = done.stderr.split()
    assert code == "1"
    return set(names)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A file with a finding, old enough for its times to be believed."""
    (tmp_path / "app.py").write_text("def load(p):\n    f = open(p)\n    print(f)\n")
    return tmp_path


def test_a_warm_run_imports_neither_the_analysis_nor_the_rules_nor_the_catalogue(app: Path) -> None:
    first = modules(app)
    assert {"memlint.rules", "memlint.flow.analysis"} <= first

    assert modules(app) & set(NEEDLESS) <= {"hashlib"}  # a file that was written just now is read again


def test_a_format_brings_what_it_needs_itself(app: Path) -> None:
    modules(app)

    assert "xml.etree.ElementTree" not in modules(app)
    assert "memlint.reports.sarif" in modules(app, "--output-format", "sarif")
