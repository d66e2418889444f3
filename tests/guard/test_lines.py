"""The line that changed what tells nobody: the only one of the code within reach that does such a thing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .conftest import Run

ON = ("--memguard-kinds", "process state=on")
HELPERS = """
import sys, threading
from sys import path

LOCK = threading.Lock()

class Setup:
    def put_first(self, entry):
        path.insert(
            0, entry
        )

    def take_out(self, entry):
        path.remove(entry)

def guarded():
    LOCK.acquire()
    try:
        return 1
    finally:
        LOCK.release()

def forgotten():
    assert LOCK.acquire(timeout=1)
"""


def places(run: Run, test: str) -> list[tuple[str, int, str]]:
    """Where a test's findings come from, by their first lines."""
    return [(at["file"], at["line"], at["function"]) for each in run.failing(test) for at in each["origin"][:1]]


def test_a_helpers_line_is_named_with_its_name_imported_and_its_call_broken_over_lines(
    suite: Callable[..., Run],
) -> None:
    test = "import helpers\ndef test_it(): helpers.Setup().put_first('/nowhere')\n"
    run = suite(test, files={"helpers.py": HELPERS}, args=ON)
    assert places(run, "test_it") == [("helpers.py", 9, "put_first")]


def test_of_two_lines_that_take_a_lock_the_one_within_the_tests_reach_is_named_and_the_next_test_can_take_it(
    suite: Callable[..., Run],
) -> None:
    test = "from helpers import forgotten, guarded\ndef test_it(): forgotten()\ndef test_clean(): guarded()\n"
    run = suite(test, files={"helpers.py": HELPERS})
    assert places(run, "test_it") == [("helpers.py", 24, "forgotten")]
    assert run.outcome("test_clean") == "passed"


def test_of_two_lines_within_reach_none_is_named(suite: Callable[..., Run]) -> None:
    test = """
import sys
def test_it():
    sys.path.append("/first")
    sys.path.insert(0, "/second")
    sys.path.remove("/first")
"""
    run = suite(test, args=ON)
    assert [each["reason"].partition("; ")[2] for each in run.failing("test_it")] == ["nothing tells by which line"]


def test_the_hook_itself_tells_which_of_several_lines_it_was(suite: Callable[..., Run]) -> None:
    test = """
import sys
def mine(*_): pass
def test_it():
    before = sys.excepthook
    sys.excepthook = before
    sys.excepthook = mine
"""
    assert places(suite(test, args=ON), "test_it") == [("test_it.py", 7, "test_it")]


def test_a_fixture_of_a_module_is_charged_with_its_line(suite: Callable[..., Run]) -> None:
    test = """
import sys, pytest
class Finder:
    @staticmethod
    def find_spec(*_): return None

@pytest.fixture(scope="module")
def finder():
    sys.meta_path.insert(0, Finder)

def test_it(finder): pass
"""
    assert places(suite(test, args=ON), "test_it") == [("test_it.py", 9, "finder")]


def test_a_scripts_own_lines_count_for_a_watched_block(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import threading\nfrom pytest_memguard.guard import watch\nLOCK = threading.Lock()\n"
        "with watch() as watched:\n    LOCK.acquire()\n"
        "print([(each.kind, each.acquired.project_line().line) for each in watched.findings])\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout == "[('lock', 5)]\n", done.stderr
