"""Runs pytest under the guard on small suites, in a process of its own, and reads what was found."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parent / "cases"


@dataclass
class Run:
    """What one pytest run said."""

    code: int
    output: str
    outcomes: dict[str, str] = field(default_factory=dict)
    """For each test's name: passed, failed, error or skipped; the worst of its phases."""
    findings: list[dict[str, Any]] = field(default_factory=list)

    def of(self, test: str) -> list[dict[str, Any]]:
        """The findings about a test, by the end of its id."""
        return [each for each in self.findings if each["test"].endswith("::" + test)]

    def failing(self, test: str) -> list[dict[str, Any]]:
        """The findings that a test fails for, without what only goes with another thing."""
        return [each for each in self.of(test) if each["fails"] and each["subject"]]

    def kinds(self, test: str) -> set[str]:
        """The kinds that a test fails for."""
        return {each["kind"] for each in self.failing(test)}


def run_pytest(folder: Path, *arguments: str, flag: bool = True) -> Run:
    """Run pytest in `folder`, with the guard unless told otherwise."""
    document, junit = folder / "memguard.json", folder / "junit.xml"
    guard = ["--memguard", "--memguard-json", str(document), "--memguard-settle", "0.3"] if flag else []
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={junit}", *guard, *arguments]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    run = Run(done.returncode, done.stdout + done.stderr)
    if junit.exists():
        for case in ElementTree.parse(junit).iter("testcase"):
            worst = {child.tag for child in case} & {"failure", "error", "skipped"}
            name = {"failure": "failed"}.get(min(worst, default="passed"), min(worst, default="passed"))
            run.outcomes[case.attrib["name"]] = name
    if document.exists():
        run.findings = json.loads(document.read_text())["findings"]
    return run


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., Run]:
    """Write a suite (by file name, or one file's text) and run it under the guard."""

    def write_and_run(
        *texts: str, flag: bool = True, files: dict[str, str] | None = None, args: tuple[str, ...] = ()
    ) -> Run:
        written = {f"test_{at}.py": text for at, text in enumerate(texts)} | (files or {})
        written.setdefault("pytest.ini", "[pytest]\naddopts = -p no:randomly\n")
        for name, text in written.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return run_pytest(tmp_path, *args, flag=flag)

    return write_and_run
