"""A child process is known by its number for as long as it is there, whatever the kernel's list says just then.

Each runs a guard of its own in an interpreter of its own: a process has one guard, and this suite's tests run under it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BEGIN = """
import json, subprocess, sys
from pytest_memguard.guard import Guard
from pytest_memguard.origins import Owner
from pytest_memguard.probes import processes

def start_one():
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

guard = Guard()
guard.start()
"""
KNOWN = """
guard.begin(Owner("first", "test"))
child = start_one()
said = guard.end()
guard.begin(Owner("second", "test"))
probe = next(each for each in guard._probes if isinstance(each, processes.Processes))
starter = probe.describe(("process", child.pid)).acquired.owner.name
nothing_more = guard.end()
child.communicate()
print(json.dumps([[[each.kind, each.owner.name] for each in said if each.kind == "process"], starter, nothing_more]))
"""
SKIPPED = """
guard.begin(Owner("it", "test"))
child = start_one()
processes.TASKS = sys.argv[1]
said = guard.end()
child.communicate()
print(json.dumps([[each.kind, each.verdict.value] for each in said if each.kind == "process"]))
"""
WAITED_FOR = """
guard.begin(Owner("it", "test"))
start_one().communicate()
print(json.dumps([each.kind for each in guard.end()]))
"""


def said(folder: Path, script: str) -> object:
    (folder / "script.py").write_text(BEGIN + script)
    words = [sys.executable, "script.py", str(folder)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_who_started_a_child_is_known_when_its_test_has_been_judged(tmp_path: Path) -> None:
    assert said(tmp_path, KNOWN) == [[["process", "first"]], "first", []]


def test_a_child_that_the_kernels_list_skips_is_found_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "children").write_text("")
    assert said(tmp_path, SKIPPED) == [["process", "leaking"]]


def test_a_child_that_was_waited_for_is_not(tmp_path: Path) -> None:
    assert said(tmp_path, WAITED_FOR) == []
