"""What a process object of multiprocessing keeps after its process has been joined, and who keeps the object."""

from __future__ import annotations

import pytest

from .conftest import Run, run_pytest, write

SUITE = """
import multiprocessing, signal, sys
import pytest

CONTEXT = multiprocessing.get_context("fork")
HELD = []

def run():
    process = CONTEXT.Process(target=int)
    process.start()
    process.join()
    return process

def test_held(): HELD.append(run())
def test_let_go(): run()

def test_held_and_closed():
    HELD.append(run())
    HELD[-1].close()

class Supervisor:
    def __init__(self): self.child = run()
    def handle(self, *_): raise SystemExit

def test_held_by_a_handler(): signal.signal(signal.SIGUSR1, Supervisor().handle)

def test_held_by_a_handler_that_is_put_back():
    before = signal.signal(signal.SIGUSR2, Supervisor().handle)
    signal.signal(signal.SIGUSR2, before)

def test_the_tracker_of_a_spawned_process():
    process = multiprocessing.get_context("spawn").Process(target=int)
    process.start()
    process.join()
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("processes")
    write(folder, {"test_it.py": SUITE})
    return run_pytest(folder)


def test_a_process_object_that_is_kept_keeps_its_pipes_until_it_is_closed(run: Run) -> None:
    (found,) = run.failing("test_held")
    assert found["kind"] == "process handle"
    assert found["held_by"] == "test_it.HELD (list) → [0]"
    assert [line["function"] for line in found["origin"]] == ["run", "test_held"]
    assert run.of("test_let_go") == []
    assert run.of("test_held_and_closed") == []


def test_a_signal_handler_is_named_as_what_keeps_it(run: Run) -> None:
    found = {each["kind"]: each for each in run.failing("test_held_by_a_handler")}
    assert sorted(found) == ["process handle", "signal handler"]
    assert found["process handle"]["held_by"] == "signal handlers: SIGUSR1 (method) → Supervisor → child"
    assert run.of("test_held_by_a_handler_that_is_put_back") == []


def test_the_tracker_that_multiprocessing_starts_for_itself_is_no_news(run: Run) -> None:
    assert run.of("test_the_tracker_of_a_spawned_process") == []
