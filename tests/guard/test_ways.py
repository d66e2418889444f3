"""Every way of testing: async plugins, Hypothesis, doctests, subtests, workers, parametrised tests."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import Run, scenario


@scenario(
    """
import asyncio, pytest
HELD = []

async def beat():
    while True:
        await asyncio.sleep(0.01)

@pytest.mark.asyncio
async def test_clean():
    task = asyncio.create_task(beat())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

@pytest.mark.asyncio
async def test_cancelled_and_left_to_the_loop():
    asyncio.create_task(beat()).cancel()

@pytest.mark.asyncio
async def test_leaky_task():
    HELD.append(asyncio.create_task(beat()))

@pytest.mark.asyncio
async def test_leaky_connection():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    HELD.append(await asyncio.open_connection(*server.sockets[0].getsockname()))
    server.close()

@pytest.mark.asyncio
async def test_closed_connection():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()

@pytest.mark.asyncio
async def test_subprocess():
    process = await asyncio.create_subprocess_exec("true", stdout=asyncio.subprocess.PIPE)
    await process.communicate()

@pytest.mark.asyncio
async def test_thread():
    assert await asyncio.to_thread(int) == 0

@pytest.fixture
async def connection():
    file = open(__file__)
    yield file
    file.close()

class TestMore:
    @pytest.mark.asyncio
    async def test_group(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
"""
)
def test_tests_of_pytest_asyncio_in_strict_mode(told: Run) -> None:
    failing = {name for name, outcome in told.outcomes.items() if outcome != "passed"}
    assert failing == {"0::test_leaky_task", "0::test_leaky_connection"}
    assert told.kinds("test_leaky_task") == {"asyncio task"}
    assert told.kinds("test_leaky_connection") == {"socket"}


@scenario(
    """
import asyncio, pytest
pytestmark = pytest.mark.asyncio(loop_scope="module")
HELD = []

async def beat():
    while True:
        await asyncio.sleep(0.01)

async def test_leaky():
    HELD.append(asyncio.create_task(beat()))

async def test_clean_on_the_same_loop():
    await asyncio.sleep(0)
"""
)
def test_a_task_left_on_a_loop_that_lives_on_is_charged_to_its_test(told: Run) -> None:
    assert told.outcomes == {"0::test_leaky": "failed", "0::test_clean_on_the_same_loop": "passed"}


@scenario(
    '''
def leaky():
    """
    >>> len(open(__import__("os").devnull).read())
    0
    """

def clean():
    """
    >>> with open(__import__("os").devnull) as file: len(file.read())
    0
    """

def test_it(): pass
'''
)
def test_doctests(told: Run, suite: Callable[..., Run]) -> None:
    assert told.outcomes == {"0::test_it": "passed"}
    run = suite(files={"words.py": LEAKY_DOCTEST}, args=("--doctest-modules",))
    assert run.outcome("words.leaky") == "failed"
    assert run.outcome("words.clean") == "passed"


LEAKY_DOCTEST = '''
def leaky():
    """
    >>> file = open(__import__("os").devnull); del file
    """

def clean():
    """
    >>> with open(__import__("os").devnull) as file: len(file.read())
    0
    """
'''


@scenario(
    """
from hypothesis import HealthCheck, given, settings, strategies as st

@settings(max_examples=20, database=None)
@given(st.integers())
def test_clean(number):
    with open(__file__): pass

@settings(max_examples=20, database=None)
@given(st.integers())
def test_leaky(number):
    open(__file__)
"""
)
def test_hypothesis_tests_fail_once_with_one_leak(told: Run) -> None:
    assert told.outcomes == {"0::test_clean": "passed", "0::test_leaky": "failed"}
    assert len({each["fingerprint"] for each in told.findings}) == 1


@scenario(
    """
import pytest
def test_sub(subtests):
    for number in range(3):
        with subtests.test(number=number):
            with open(__file__): pass

def test_leaky_sub(subtests):
    for number in range(3):
        with subtests.test(number=number):
            open(__file__)

def test_failing_sub(subtests):
    for number in range(3):
        with subtests.test(number=number):
            file = open(__file__)
            assert number

import unittest
class TestUnit(unittest.TestCase):
    def test_leaky(self):
        with self.subTest(number=1):
            open(__file__)

    def test_failing(self):
        with self.subTest(number=1):
            file = open(__file__)
            self.fail("while it holds a file")
"""
)
def test_subtests_of_which_one_that_fails_keeps_its_test_from_being_judged(told: Run) -> None:
    assert told.outcome("test_leaky_sub") == "failed"
    assert told.kinds("test_leaky") == {"file"}
    assert told.of("test_failing_sub") == told.of("test_failing") == []
    assert [each["test"] for each in told.findings if each["test"].endswith("test_sub")] == []


WORKERS = """
import pytest
HELD = []
@pytest.mark.parametrize("number", range(6))
def test_leaky(number):
    HELD.append(open(__file__))
@pytest.mark.parametrize("number", range(6))
def test_clean(number):
    with open(__file__): pass
@pytest.mark.memguard_allow("file", reason="known")
def test_allowed():
    open(__file__)
"""


def test_workers_say_what_a_serial_run_says(suite: Callable[..., Run]) -> None:
    serial = suite(WORKERS)
    spread = suite(WORKERS, args=("-n", "2"))

    def verdicts(run: Run) -> list[tuple[object, ...]]:
        return sorted((each["test"], each["kind"], each["fails"], each["fingerprint"]) for each in run.findings)

    assert verdicts(spread) == verdicts(serial)
    assert spread.outcomes == serial.outcomes
    assert "1 leak in 6 tests" in spread.output


RERUNNER = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for _ in range(2):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if all(report.passed for report in reports):
            break
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""


def test_where_another_plugin_runs_the_protocol_a_leak_is_an_error_at_tear_down(suite: Callable[..., Run]) -> None:
    text = "HELD = []\ndef test_leaky():\n    HELD.append(open(__file__))\ndef test_clean(): pass\n"
    run = suite(text, files={"conftest.py": RERUNNER})
    assert (run.outcome("test_leaky"), run.outcome("test_clean")) == ("error", "passed")
    assert "left 1 file still open" in run.output
    assert "runtestprotocol" not in run.output


def test_no_verdict_flips_with_the_order(suite: Callable[..., Run]) -> None:
    failing = set()
    for seed in ("1", "2"):
        run = suite(WORKERS, files={"pytest.ini": "[pytest]\n"}, args=("-p", "randomly", f"--randomly-seed={seed}"))
        failing.add(tuple(sorted(name for name, outcome in run.outcomes.items() if outcome != "passed")))
    assert len(failing) == 1
