"""A watched block: in a test, in a script without pytest, in the cells of a notebook."""

from __future__ import annotations

import builtins
import code
import gc
import linecache
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_memguard.allowed import BadAllowance
from pytest_memguard.guard import LeakError, watch
from pytest_memguard.options import BadOption

from .conftest import Run

SCRIPT = """
import sys
from pytest_memguard.guard import watch

def handle(kept):
    import socket
    kept.append(socket.socket())

def main():
    kept = []
    with watch("one request") as watched:
        handle(kept)
    assert "pytest" not in sys.modules
    for leak in watched.leaks:
        print(leak.kind, leak.held_by)
    kept[0].close()
    with watch() as watched:
        handle(kept)
        kept.pop().close()
    watched.assert_clean()
    print("clean")

main()
"""


def test_a_script_is_told_what_a_block_left_and_which_local_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["socket script.py:11 in main: kept (list) → [0]", "clean"]


CELLS = (
    "from pytest_memguard.guard import watch\nimport socket\nkept = []\n",
    "with watch() as watched:\n    kept.append(socket.socket())\n",
    "seen = [(each.kind, each.acquired.lines()[0].file, each.acquired.lines()[0].line) for each in watched.leaks]\n",
    "words = ''\ntry:\n    watched.assert_clean()\nexcept AssertionError as error:\n    words = str(error)\n",
    "kept.pop().close()\n",
)


def test_the_cells_of_a_notebook_are_the_projects_code(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = code.InteractiveInterpreter()
    for at, text in enumerate(CELLS, 1):
        name = f"<cell {at}>"
        monkeypatch.setitem(linecache.cache, name, (len(text), None, text.splitlines(keepends=True), name))
        notebook.runcode(compile(text, name, "exec"))
    assert notebook.locals["seen"] == [("socket", "<cell 2>", 2)]
    assert re.search(r"<cell 2>:2 in <module> +kept\.append\(socket\.socket\(\)\)", str(notebook.locals["words"]))


def test_a_block_in_a_block_tells_of_its_own() -> None:
    kept = []
    with watch() as outer:
        with watch() as inner:
            kept.append(socket.socket())
        kept.append(open(os.devnull))  # noqa: SIM115 -- it is to be left open
    assert [leak.kind for leak in inner.leaks] == ["socket"]
    assert [leak.kind for leak in outer.leaks] == ["file"]
    for each in kept:
        each.close()


def test_what_an_exception_passes_through_is_not_judged() -> None:
    kept = []

    def fail() -> None:
        kept.append(open(os.devnull))  # noqa: SIM115 -- it is to be left open
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), watch() as watched:
        fail()
    assert watched.findings == []
    kept[0].close()


def test_limits_and_allowances_let_a_block_pass() -> None:
    kept = []
    allow = [{"kind": "thread", "reason": "it ends by itself"}]
    stop = threading.Event()
    with watch(handles=1, allow=allow, settle=0) as watched:
        kept.append(open(os.devnull))  # noqa: SIM115 -- it is to be left open
        threading.Thread(target=stop.wait).start()
    stop.set()
    watched.assert_clean()
    assert {str(why) for _, why in watched.allowed} == {"within handles=1", "it ends by itself"}
    kept[0].close()


def test_a_block_that_says_something_else_than_it_can_is_refused_by_name() -> None:
    with pytest.raises(BadOption, match="there is no option 'handels'"), watch(handels=1):
        pass
    with pytest.raises(BadAllowance, match="'thread' has no reason; write allow="), watch(allow=["thread"]):
        pass


@pytest.mark.parametrize("option", [{"growth": "1 MB"}, {"repeats": 5}, {"level": "heap"}], ids=str)
def test_a_block_runs_once_so_that_its_growth_cannot_be_proved(option: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match="a watched block runs once; mark the test"), watch(**option):
        pass


def test_a_block_may_have_a_limit_for_what_it_needs_at_its_highest() -> None:
    with watch(peak="1 MB") as large:
        bytes(3_000_000)
    with watch(peak="64 MB") as small:
        bytes(3_000_000)
    assert [(each.kind, each.what) for each in large.leaks] == [("heap peak", "of 2.9 MB, 1.0 MB allowed")]
    small.assert_clean()


def test_leaks_are_an_assertion_error_that_names_the_line() -> None:
    with watch() as watched:
        kept = socket.socket()
    with pytest.raises(LeakError, match=r"test_watch\.py:\d+ in test_leaks_are"):
        watched.assert_clean()
    kept.close()


PUT_BACK = """
import builtins, gc, os, socket, sys, threading
before = builtins.open, os.pipe, gc.collect, socket.socket.__init__, threading.Thread.start, gc.get_freeze_count()
from pytest_memguard.guard import watch
with watch():
    assert builtins.open is not before[0]
after = builtins.open, os.pipe, gc.collect, socket.socket.__init__, threading.Thread.start, gc.get_freeze_count()
assert after[:5] == before[:5]
assert after[5] <= before[5]
"""


def test_everything_is_put_back_after_a_block() -> None:
    done = subprocess.run([sys.executable, "-c", PUT_BACK], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert builtins.open
    assert gc.isenabled()


def test_a_block_in_a_guarded_test_is_judged_once(suite: Callable[..., Run]) -> None:
    run = suite(
        """
HELD = []
def test_it(memguard):
    with memguard.watch() as watched:
        HELD.append(open(__file__))
    assert [leak.kind for leak in watched.leaks] == ["file"]
    HELD.pop().close()

def test_clean(memguard):
    with memguard.watch() as watched:
        open(__file__).close()
    watched.assert_clean()
"""
    )
    assert set(run.outcomes.values()) == {"passed"}, run.output
