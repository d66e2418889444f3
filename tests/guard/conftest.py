"""Runs pytest under the guard on small suites, in a process of its own, and reads what was found."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Words: TypeAlias = tuple[str, ...]
CASES = Path(__file__).parent / "cases"


@dataclass
class Run:
    """What one pytest run said."""

    code: int
    output: str
    outcomes: dict[str, str] = field(default_factory=dict)
    """For each test's name: passed, failed, error or skipped; the worst of its phases."""
    findings: list[dict[str, Any]] = field(default_factory=list)

    def outcome(self, test: str) -> str:
        """A test's outcome, by its own name."""
        return next(outcome for name, outcome in self.outcomes.items() if name.endswith(f":{test}"))

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
    if not any(word.startswith("--reruns") for word in arguments):
        guard += [
            "-p",
            "no:rerunfailures",
        ]  # it starts a thread in every run, and what locks do is unknown beside threads
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={junit}", *guard, *arguments]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    run = Run(done.returncode, done.stdout + done.stderr)
    if junit.exists():
        for case in ElementTree.parse(junit).iter("testcase"):
            worst = {child.tag for child in case} & {"failure", "error", "skipped"}
            name = {"failure": "failed"}.get(min(worst, default="passed"), min(worst, default="passed"))
            run.outcomes[f"{case.attrib['classname']}::{case.attrib['name']}"] = name
    if document.exists():
        run.findings = json.loads(document.read_text())["findings"]
    return run


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., Run]:
    """Write a suite (by file name, or one file's text) and run it under the guard."""

    def write_and_run(text: str = "", flag: bool = True, files: dict[str, str] | None = None, args: Words = ()) -> Run:
        write(tmp_path, {"test_it.py": text, **(files or {})})
        return run_pytest(tmp_path, *args, flag=flag)

    return write_and_run


def write(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a suite, with an ini file that leaves its order alone."""
    for name, text in {"pytest.ini": "[pytest]\naddopts = -p no:randomly\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def scenario(*texts: str) -> Callable[[Callable[[Run], None]], Callable[[Run], None]]:
    """Give a test one or more files: all files of a module's tests run once, together; `told` is what they said."""

    def remember(test: Callable[[Run], None]) -> Callable[[Run], None]:
        vars(test)["texts"] = texts
        return test

    return remember


@pytest.fixture(scope="module")
def everything(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The one run of a module's scenarios."""
    folder = tmp_path_factory.mktemp("scenarios")
    tests = {name: vars(each)["texts"] for name, each in vars(request.module).items() if "texts" in _dictionary(each)}
    write(folder, {"test_zz_last.py": "def test_last(): pass\n"})  # session fixtures end with the last test
    write(folder, {f"{name}__{at}.py": text for name, texts in tests.items() for at, text in enumerate(texts)})
    return run_pytest(folder, "-rA")


@pytest.fixture
def told(request: pytest.FixtureRequest, everything: Run) -> Run:
    """What the files of this test's scenario said; a test is called `0::test_it`, in a class `0.Class::test_it`."""
    mine = request.node.originalname + "__"
    return Run(
        everything.code,
        "".join(part for part in everything.output.splitlines(keepends=True) if mine in part),
        {name.removeprefix(mine): outcome for name, outcome in everything.outcomes.items() if name.startswith(mine)},
        [each for each in everything.findings if each["test"].startswith(mine)],
    )


def _dictionary(thing: object) -> dict[str, object]:
    return getattr(thing, "__dict__", {})
