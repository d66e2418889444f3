"""A child process is known by its number for as long as it is there, whatever the kernel's list says just then."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_memguard.guard import Guard
from pytest_memguard.origins import Owner
from pytest_memguard.probes import processes


@pytest.fixture
def guard() -> Iterator[Guard]:
    guard = Guard()
    guard.start()
    yield guard
    guard.stop()


def start_one() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_who_started_a_child_is_known_when_its_test_has_been_judged(guard: Guard) -> None:
    first, second = Owner("first", "test"), Owner("second", "test")
    guard.begin(first)
    child = start_one()
    said = guard.end()
    guard.begin(second)
    probe = next(each for each in guard._probes if isinstance(each, processes.Processes))
    sight = probe.describe(("process", child.pid))
    nothing_more = guard.end()
    child.communicate()
    assert [(finding.kind, finding.owner) for finding in said if finding.subject] == [("process", first)]
    assert sight is not None
    assert sight.acquired is not None
    assert sight.acquired.owner is first
    assert nothing_more == []


def test_a_child_that_the_kernels_list_skips_is_found_by_its_number(
    guard: Guard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "children").write_text("")
    guard.begin(Owner("it", "test"))
    child = start_one()
    monkeypatch.setattr(processes, "TASKS", str(tmp_path))
    said = [(finding.kind, finding.verdict.value) for finding in guard.end() if finding.subject]
    child.communicate()
    assert said == [("process", "leaking")]


def test_a_child_that_was_waited_for_is_not(guard: Guard) -> None:
    guard.begin(Owner("it", "test"))
    start_one().communicate()
    assert guard.end() == []
