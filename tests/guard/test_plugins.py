"""One suite under every plugin and switch that changes how tests are run: the same verdicts each time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Run, Words

SUITE = """
import socket, sqlite3, threading, time, unittest
import pytest

HELD = []


@pytest.mark.parametrize("number", range(3))
def test_clean(number, tmp_path, capsys):
    with open(tmp_path / "file", "w") as file:
        print(number, file=file)
    worker = threading.Thread(target=time.sleep, args=(0.01,))
    worker.start()
    worker.join()


@pytest.mark.parametrize("number", range(2))
def test_leaky_held(number):
    HELD.append(open(__file__))


def test_leaky_dropped():
    sqlite3.connect(":memory:")


@pytest.fixture
def client():
    client = socket.socket()
    yield client


def test_leaky_fixture(client):
    pass


@pytest.mark.memguard_allow("file", reason="known")
def test_allowed():
    HELD.append(open(__file__))


class TestShared(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = open(__file__)

    @classmethod
    def tearDownClass(cls):
        cls.file.close()

    def test_shared_clean(self):
        pass

    def test_leaky_method(self):
        HELD.append(socket.socket())


def test_failing():
    HELD.append(open(__file__))
    assert False
"""
INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
LEAKY = {"test_leaky_held[0]", "test_leaky_held[1]", "test_leaky_dropped", "test_leaky_fixture", "test_leaky_method"}
NEEDS = {
    "--reruns=1": "pytest_rerunfailures",
    "--timeout=60": "pytest_timeout",
    "--cov=.": "pytest_cov",
    "-n": "xdist",
    "randomly": "pytest_randomly",
}
WAYS: tuple[Words, ...] = (
    ("-p", "no:logging"),
    ("-p", "no:warnings"),
    ("-p", "no:unraisableexception", "-p", "no:threadexception"),
    ("-p", "no:faulthandler", "-p", "no:doctest"),
    ("-p", "no:capture", "-k", "not test_clean"),
    ("-s",),
    ("-W", "error", "-W", "ignore::pytest.PytestUnraisableExceptionWarning"),  # pytest blames the next test for these
    ("--import-mode=importlib",),
    ("--setup-show",),
    ("-v", "--tb=no"),
    ("-n", "2"),
    ("-n", "2", "--dist=loadfile"),
    ("-n", "0"),
    ("-p", "randomly", "-p", "no:cacheprovider"),
    ("--timeout=60",),
    ("--timeout=60", "--timeout-method=thread"),
    ("--cov=.", "--cov-report="),
    ("--reruns=1",),
    ("--memguard-level=heap",),
    ("--memguard-level=explain",),
)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_the_same_verdicts_however_tests_are_run(suite: Callable[..., Run], way: Words) -> None:
    for word in way:
        if word in NEEDS:
            pytest.importorskip(NEEDS[word])
    run = suite(SUITE, files={"pytest.ini": INI}, args=way if "randomly" in way else ("-p", "no:randomly", *way))
    failing = {name.rpartition("::")[2] for name, outcome in run.outcomes.items() if outcome != "passed"}
    assert failing == LEAKY | {"test_failing"}, run.output
    fails = {(each["test"].rpartition("::")[2], each["kind"]) for each in run.findings if each["fails"]}
    assert fails == {
        ("test_leaky_held[0]", "file"),
        ("test_leaky_held[1]", "file"),
        ("test_leaky_dropped", "sqlite connection"),
        ("test_leaky_fixture", "socket"),
        ("test_leaky_method", "socket"),
    }
    assert "INTERNALERROR" not in run.output
    assert "4 leaks in 5 tests" in run.output


FORKS = """
import multiprocessing, os, socket
HELD = []

def test_clean_fork():
    number = os.fork()
    if not number:
        HELD.append(open(__file__))
        os._exit(0)
    os.waitpid(number, 0)

def test_leaky_fork():
    if not os.fork():
        os._exit(0)

def leave():
    HELD.append(socket.socket())

def test_clean_child():
    child = multiprocessing.get_context("fork").Process(target=leave)
    child.start()
    child.join()
    child.close()
"""


def test_what_a_forked_child_leaves_goes_with_it_and_what_nobody_waits_for_stays(suite: Callable[..., Run]) -> None:
    run = suite(FORKS)
    failing = {name.rpartition("::")[2] for name, outcome in run.outcomes.items() if outcome != "passed"}
    assert failing == {"test_leaky_fork"}, run.output
    assert run.kinds("test_leaky_fork") <= {"process", "zombie process"}  # a slow child may not have ended yet


def test_each_test_in_a_process_of_its_own(suite: Callable[..., Run]) -> None:
    pytest.importorskip("pytest_forked")
    if suite("def test_it(): pass\n", flag=False, args=("--forked",)).outcome("test_it") != "passed":
        pytest.skip("pytest-forked cannot run a test under this pytest")
    run = suite(
        "HELD = []\ndef test_leaky(): HELD.append(open(__file__))\ndef test_clean(): pass\n", args=("--forked",)
    )
    assert (run.outcome("test_leaky"), run.outcome("test_clean")) == ("error", "passed")


OFF = """
def pytest_configure(config):
    assert not config.pluginmanager.hasplugin("memguard-session")
"""


def test_without_the_plugin_nothing_of_it_is_there(suite: Callable[..., Run]) -> None:
    run = suite("def test_it(): open(__file__)\n", files={"conftest.py": OFF}, flag=False, args=("-p", "no:memguard"))
    assert run.outcome("test_it") == "passed"


def test_a_test_that_is_run_again_until_it_passes_is_judged_each_time(suite: Callable[..., Run]) -> None:
    pytest.importorskip("pytest_rerunfailures")
    run = suite(
        """
RUNS = []
def test_leaks_once():
    RUNS.append(open(__file__))
    if len(RUNS) > 1:
        RUNS.pop().close()

def test_flaky():
    RUNS.append(None)
    with open(__file__):
        assert RUNS.count(None) > 1
""",
        args=("--reruns=2",),
    )
    assert set(run.outcomes.values()) == {"passed"}, run.output
    assert "2 rerun" in run.output


def test_a_test_that_is_stopped_for_its_time_is_not_judged_and_the_next_one_is(suite: Callable[..., Run]) -> None:
    pytest.importorskip("pytest_timeout")
    run = suite(
        """
import time, pytest
HELD = []
@pytest.mark.timeout(0.2)
def test_slow():
    HELD.append(open(__file__))
    time.sleep(20)
def test_clean(): pass
def test_leaky(): HELD.append(open(__file__))
"""
    )
    assert {name.rpartition("_")[2]: outcome for name, outcome in run.outcomes.items()} == {
        "slow": "failed",
        "clean": "passed",
        "leaky": "failed",
    }
    assert [each["test"] for each in run.findings] == ["test_it.py::test_leaky"]


def test_coverage_is_measured_as_ever(suite: Callable[..., Run]) -> None:
    pytest.importorskip("pytest_cov")
    run = suite(
        "import code_under_test\ndef test_it(): code_under_test.call(1)\n",
        files={"code_under_test.py": "def call(n):\n    if n:\n        return 1\n    return 2\n"},
        args=("--cov=code_under_test", "--cov-report=term-missing", "--memguard-level=explain"),
    )
    assert run.code == 0
    assert "75%   4" in run.output
