"""What a person reads: whose set-up it was, one leak of many tests told once, and what goes with what."""

from __future__ import annotations

import pytest

from .conftest import Run, run_pytest, write

SUITE = """
import os, socket, threading
import pytest

class Server(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.up, self.over = threading.Event(), threading.Event()
    def run(self):
        self.helper = threading.Thread(target=self.over.wait, daemon=True)
        self.helper.start()
        self.up.set()
        self.over.wait()
    def close(self):
        self.over.set()
        self.join()
        self.helper.join()

def serve():
    server = Server()
    server.start()
    server.up.wait()
    return server

@pytest.fixture
def kept():
    yield serve()

@pytest.fixture
def closed():
    server = serve()
    yield server
    server.close()

def test_first(kept): pass
def test_second(kept): pass
def test_closed(closed): pass

@pytest.fixture(scope="class")
def shared(): return serve()

@pytest.fixture
def changed(): os.environ["MEMGUARD_CHANGED"] = "by a fixture"

def test_state(changed): pass

class Test:
    def test_shared(self, shared): pass
def test_another_way(): serve()
def test_that_way_again(): serve()

def start_and_end(ends):
    starter = threading.Thread(target=lambda: threading.Thread(target=ends.wait, daemon=True).start())
    starter.start()
    starter.join()

def test_its_starter_has_ended(): start_and_end(threading.Event())

def test_both_have_ended():
    ends = threading.Event()
    start_and_end(ends)
    ends.set()

def test_timer():
    timer = threading.Timer(60.0, serve)
    timer.daemon = True
    timer.start()

def test_timer_that_is_cancelled():
    timer = threading.Timer(60.0, serve)
    timer.start()
    timer.cancel()

def test_detached(): socket.socket().detach()

def borrow(number):
    borrowed = socket.socket(fileno=number)
    borrowed.detach()

def test_borrowed(): borrow(socket.socket().detach())

def test_borrowed_and_closed():
    number = socket.socket().detach()
    borrow(number)
    socket.close(number)

def test_closed_and_then_detached():
    opened = socket.socket()
    socket.close(opened.fileno())
    opened.detach()

def test_detached_and_closed(): socket.close(socket.socket().detach())
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("reports")
    write(folder, {"test_it.py": SUITE})
    return run_pytest(folder)


def block(run: Run, test: str) -> str:
    """What the output says of one test's leak, its headline first."""
    return run.output[run.output.index(f"memguard: {test} left") :].partition("\n_")[0]


def test_a_fixture_of_the_tests_own_scope_is_named_with_its_place(run: Run) -> None:
    line = SUITE[: SUITE.index("@pytest.fixture\ndef kept")].count("\n") + 1
    assert "left 1 thread still running, by fixture kept" in block(run, "test_first")
    assert f"fixture  kept (test_it.py:{line})" in block(run, "test_first")
    assert {each["fixture"] for each in run.failing("test_first")} == {f"kept (test_it.py:{line})"}
    assert f"by fixture kept (test_it.py:{line}) in test_it.py::test_first, test_it.py::test_second" in run.output
    assert run.of("test_closed") == []


def test_a_wider_fixture_is_named_before_the_test_that_its_end_came_with(run: Run) -> None:
    assert "by class fixture 'shared' in test_it.py::Test::test_shared" in run.output


def test_the_fixture_that_changed_the_processs_state_is_named(run: Run) -> None:
    assert [each["fixture"].partition(" ")[0] for each in run.failing("test_state")] == ["changed"]


def test_what_the_test_itself_acquires_names_no_fixture(run: Run) -> None:
    assert {each["fixture"] for each in run.failing("test_another_way")} == {""}
    assert "fixture" not in block(run, "test_another_way")


def test_a_leak_of_many_tests_is_told_in_full_once(run: Run) -> None:
    assert "fix      tell it to stop" in block(run, "test_first")
    assert "as in    test_it.py::test_first" in block(run, "test_second")
    assert "fix  " not in block(run, "test_second")


def test_the_same_line_come_by_another_way_is_told_in_full(run: Run) -> None:
    assert "fix      tell it to stop" in block(run, "test_another_way")
    assert "as in    test_it.py::test_another_way" in block(run, "test_that_way_again")


def test_what_a_thread_that_was_left_running_has_started_is_not_counted(run: Run) -> None:
    assert [each["what"].rpartition(", ")[2] for each in run.failing("test_first")] == ["running Server.run"]
    assert {each["subject"] for each in run.of("test_first")} == {True, False}


def test_what_a_thread_has_started_that_ended_is_counted(run: Run) -> None:
    assert [each["what"].rpartition(", ")[2] for each in run.failing("test_its_starter_has_ended")] == [
        "running Event.wait"
    ]
    assert run.of("test_both_have_ended") == []


def test_a_timer_says_what_it_waits_to_do(run: Run) -> None:
    assert [each["what"].partition(", ")[2] for each in run.failing("test_timer")] == [
        "a daemon, a Timer that waits 60.0 s, running serve"
    ]
    assert "now at   threading.py:" in block(run, "test_timer")
    assert run.of("test_timer_that_is_cancelled") == []


def test_a_detached_socket_is_known_by_its_descriptor(run: Run) -> None:
    (found,) = run.failing("test_detached")
    assert found["what"].startswith("without an address, detached as descriptor ")
    assert run.of("test_detached_and_closed") == []


def test_a_socket_that_borrows_a_number_and_hands_it_back_did_not_open_it(run: Run) -> None:
    (found,) = run.failing("test_borrowed")
    assert [line["function"] for line in found["origin"]] == ["test_borrowed"]
    assert run.of("test_borrowed_and_closed") == []


def test_a_socket_whose_descriptor_is_closed_can_be_detached_as_ever(run: Run) -> None:
    assert run.outcome("test_closed_and_then_detached") == "passed"
    assert run.of("test_closed_and_then_detached") == []
