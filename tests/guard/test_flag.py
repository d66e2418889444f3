"""Without the flag nothing happens; with it, everything is put back."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from pytest_memguard.options import BadOption, settings

from .conftest import Run

FROZEN_FROM_BIRTH = int(subprocess.check_output([sys.executable, "-c", "import gc; print(gc.get_freeze_count())"]))
"""Objects that the interpreter itself freezes at its start: none, but for Python 3.12."""

LOOKS = (
    f"FROZEN_FROM_BIRTH = {FROZEN_FROM_BIRTH}"
    + """
import builtins, gc, os, socket, sqlite3, subprocess, sys, tempfile, threading, warnings
from concurrent.futures import ThreadPoolExecutor
import asyncio.base_events, asyncio.runners, multiprocessing.process, selectors, zipfile, io
import asyncio, atexit, locale, logging, signal
from unittest import mock

def state():
    return {
        "open": type(builtins.open).__name__, "io": type(io.open).__name__, "pipe": type(os.pipe).__name__,
        "collect": type(gc.collect).__name__, "connect": type(sqlite3.connect).__name__,
        "fork": type(os.fork).__name__, "start": threading.Thread.start.__module__,
        "made": socket.socket.__init__.__module__, "closed": socket.socket._real_close.__module__,
        "popen": subprocess.Popen.__init__.__module__, "pool": ThreadPoolExecutor.__init__.__module__,
        "task": asyncio.base_events.BaseEventLoop.create_task.__module__,
        "cancel": asyncio.runners._cancel_all_tasks.__module__, "zip": zipfile.ZipFile.__del__.__module__,
        "process": multiprocessing.process.BaseProcess.start.__module__,
        "selector": selectors.EpollSelector.__init__.__module__,
        "folder": tempfile.TemporaryDirectory._cleanup.__func__.__module__,
        "callbacks": [type(each).__name__ for each in gc.callbacks],
        "frozen": gc.get_freeze_count() > FROZEN_FROM_BIRTH,
        "signal": type(signal.signal).__name__, "exit": type(atexit.register).__name__,
        "umask": type(os.umask).__name__, "locale": type(locale.setlocale).__name__,
        "handlers": logging.Logger.addHandler.__module__, "policy": asyncio.set_event_loop_policy.__module__,
        "mock": mock._patch.start.__module__, "filters": warnings._add_filter.__module__,
        "finalizing": "_finalizing" in vars(io.IOBase), "dealloc": "_dealloc_warn" in vars(socket.SocketIO),
    }
"""
)


def test_without_the_flag_only_the_door_is_imported_and_nothing_is_touched(suite: Callable[..., Run]) -> None:
    run = suite(
        LOOKS
        + """
def test_it():
    ours = {name for name in sys.modules if name.startswith("pytest_memguard")}
    assert ours == {"pytest_memguard", "pytest_memguard.plugin", "pytest_memguard.options", "pytest_memguard.kinds"}
    seen = state()
    assert not any("memguard" in str(value) for value in seen.values())
    assert not seen["frozen"] and not seen["finalizing"] and not seen["dealloc"]
    open(__file__)
""",
        flag=False,
    )
    assert run.code == 0, run.output


def test_with_the_flag_everything_is_put_back_at_the_end(suite: Callable[..., Run]) -> None:
    check = """
from test_state import state
BEFORE = state()

def pytest_unconfigure(config):
    pass

import atexit
def look():
    import sys
    from pytest_memguard.probes import audit
    after = state()
    sys.__stdout__.write("SAME" if after == BEFORE and not audit.listening() else f"DIFFERENT {after}")
atexit.register(look)
"""
    state = LOOKS.strip()
    # the plug-in is loaded before --memguard is read, so it sees the world as it was
    run = suite(
        files={
            "test_state.py": state,
            "before.py": check,
            "test_it.py": "def test_it():\n    import builtins\n    assert type(builtins.open).__name__ == '_Open'\n",
        },
        args=("-p", "before"),
    )
    assert run.code == 0, run.output
    assert "SAME" in run.output


def test_a_name_bound_while_the_guard_ran_is_the_builtin_again_afterwards(suite: Callable[..., Run]) -> None:
    run = suite(
        files={
            "test_it.py": "import late\ndef test_it():\n    assert type(late.early).__name__ == '_Open'\n",
            "late.py": "from builtins import open as early\nimport atexit, sys\n"
            "atexit.register(lambda: sys.__stdout__.write(type(early).__name__))\n",
        },
        args=("--import-mode=prepend",),
    )
    assert run.code == 0, run.output
    assert "builtin_function_or_method" in run.output


def test_the_markers_and_the_fixture_exist_without_the_flag(suite: Callable[..., Run]) -> None:
    run = suite(
        """
import pytest
@pytest.mark.memguard(enabled=False)
@pytest.mark.memguard_allow("thread", reason="a known one")
def test_it(memguard):
    with memguard.watch() as watched:
        open(__file__)
    assert [finding.kind for finding in watched.leaks] == ["file"]
    with pytest.raises(AssertionError, match="closed only by the garbage collector"):
        watched.assert_clean()
""",
        flag=False,
        args=("--strict-markers",),
    )
    assert run.code == 0, run.output


def test_a_wrong_option_is_refused_in_one_line(suite: Callable[..., Run]) -> None:
    run = suite("def test_it(): pass\n", args=("--memguard-ignore", "tread"))
    assert run.code == 4
    assert "memguard_ignore: there is no kind 'tread'" in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"settle": "soon"}, "memguard_settle = 'soon' is not a number"),
        ({"settle": -1}, "memguard_settle = -1 must lie between 0 and 3600"),
        ({"strict": "perhaps"}, "memguard_strict = 'perhaps' is neither true nor false"),
        ({"handles": "some"}, "memguard_handles = 'some' is not a whole number"),
        ({"handles": -1}, "must not be negative"),
        ({"peak": "much"}, "memguard_peak = 'much' is no size"),
        ({"quiet": True}, "there is no option 'quiet'"),
    ],
)
def test_a_wrong_value_is_named_with_its_option(values: dict[str, object], words: str) -> None:
    with pytest.raises(BadOption, match=re.escape(words)):
        settings(values)


def test_the_ini_file_can_switch_the_guard_on(suite: Callable[..., Run]) -> None:
    run = suite(
        "def test_it():\n    open(__file__)\n",
        files={"pytest.ini": "[pytest]\nmemguard = true\nmemguard_ignore = thread\n    socket\n"},
        flag=False,
    )
    assert run.outcome("test_it") == "failed"


def test_what_a_system_cannot_show_is_said_in_the_header(suite: Callable[..., Run]) -> None:
    elsewhere = "from pytest_memguard.probes import {0}\n{0}.{1} = '/no/such/folder'\n"
    conftest = elsewhere.format("descriptors", "FOLDER") + elsewhere.format("processes", "TASKS")
    leaky = "HELD = []\ndef test_it(): HELD.append(open(__file__))\n"

    run = suite(leaky, files={"conftest.py": conftest}, args=("-v",))

    assert "memguard: descriptors and child processes are not seen: this system has no /proc" in run.output
    assert "not seen" not in suite("def test_it(): pass\n", files={"conftest.py": ""}, args=("-v",)).output
