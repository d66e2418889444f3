"""Both halves find in the leaky twin exactly what its comments say, and nothing in the fixed one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .marks import EXAMPLES, Mark, marks

TWINS = ("leaky", "fixed")


def run_tests(twin: str, report: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *words, f"--junitxml={report}", str(EXAMPLES / twin)]
    return subprocess.run(command, cwd=report.parent, capture_output=True, text=True)


def failures(report: Path) -> dict[str, str]:
    """Each test that failed, in any phase, with all that was said of it."""
    said: dict[str, str] = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        for trouble in [*case.iter("failure"), *case.iter("error")]:
            said[case.attrib["name"]] = said.get(case.attrib["name"], "") + str(trouble.text)
    return said


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the guard says of the leaky twin, by test."""
    report = tmp_path_factory.mktemp("guarded") / "report.xml"
    done = run_tests("leaky", report, "--memguard")
    assert done.returncode == 1, done.stdout + done.stderr
    return failures(report)


def findings(twin: str) -> tuple[int, set[tuple[str, str]]]:
    """The exit code of `memlint check`, and what it found where: (`pricewatch/feed.py:36`, `MEM301`)."""
    memlint = Path(sys.executable).with_name("memlint")
    command = [str(memlint), "check", "--output-format", "json", "."]
    done = subprocess.run(command, cwd=EXAMPLES / twin, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)["findings"]
    return done.returncode, {(f"{item['path']}:{item['line']}", item["code"]) for item in found}


def test_the_twins_have_the_same_tests() -> None:
    leaky, fixed = (
        {path.name: path.read_bytes() for path in (EXAMPLES / twin / "tests").glob("*.py")} for twin in TWINS
    )
    assert leaky == fixed
    assert leaky


def test_the_leaky_twin_shows_leaks_that_each_half_alone_would_miss() -> None:
    found = marks("leaky")
    assert any(mark.codes and not mark.tests for mark in found)
    assert any(mark.tests and not mark.codes for mark in found)


def test_the_fixed_twin_promises_nothing() -> None:
    assert marks("fixed") == []


@pytest.mark.parametrize("twin", TWINS)
def test_plain_pytest_sees_no_leak(twin: str, tmp_path: Path) -> None:
    done = run_tests(twin, tmp_path / "report.xml")
    assert done.returncode == 0, done.stdout


def test_the_guard_fails_exactly_the_leaky_tests(guarded: dict[str, str]) -> None:
    assert set(guarded) == {test for mark in marks("leaky") for test in mark.tests}


@pytest.mark.parametrize("mark", [mark for mark in marks("leaky") if mark.tests], ids=lambda mark: mark.place)
def test_the_guard_names_the_acquiring_line(mark: Mark, guarded: dict[str, str]) -> None:
    for test in mark.tests:
        assert mark.place in guarded[test]


def test_the_guard_finds_nothing_in_the_fixed_twin(tmp_path: Path) -> None:
    done = run_tests("fixed", tmp_path / "report.xml", "--memguard")
    assert done.returncode == 0, done.stdout


def test_memlint_reports_each_marked_line_and_no_other() -> None:
    expected = {(mark.place, code) for mark in marks("leaky") for code in mark.codes}
    assert findings("leaky") == (1, expected)


def test_memlint_finds_nothing_in_the_fixed_twin() -> None:
    assert findings("fixed") == (0, set())
