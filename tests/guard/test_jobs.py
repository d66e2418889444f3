"""Jobs that are not done when the test is over that gave them to an executor of somebody else."""

from __future__ import annotations

from .conftest import Run, scenario

EXECUTOR = """
import asyncio, pytest, threading
from concurrent.futures import ThreadPoolExecutor
pytestmark = pytest.mark.memguard(kinds="executor job=on")
GO_ON = threading.Event()

@pytest.fixture(scope="module")
def executor():
    with ThreadPoolExecutor(2) as executor:
        executor.submit(GO_ON.wait)
        yield executor
        GO_ON.set()
"""


@scenario(
    EXECUTOR
    + """
def test_leaky(executor):
    executor.submit(GO_ON.wait)

def test_leaky_in_the_queue(executor):
    executor.submit(int)

@pytest.mark.memguard(kinds="executor job=report")
def test_where_it_is_reported(executor):
    executor.submit(str)

def test_clean_cancelled(executor):
    assert executor.submit(int).cancel()

def test_clean_later():
    with ThreadPoolExecutor(1) as executor:
        executor.submit(int)
""",
    EXECUTOR
    + """
def test_clean(executor):
    assert executor.submit(int).result() == 0

def test_clean_a_moment_later(executor):
    threading.Timer(0.05, executor.submit(threading.Event().wait, 0.1).result).start()
""",
)
def test_a_job_that_outlives_its_test_is_the_tests_and_not_the_executors(told: Run) -> None:
    failing = {name for name, outcome in told.outcomes.items() if outcome != "passed"}
    assert failing == {"0::test_leaky", "0::test_leaky_in_the_queue"}
    found = {each["test"].rpartition("::")[2]: (each["what"], each["origin"][0]["line"]) for each in told.findings}
    assert found == {
        "test_leaky": ("Event.wait in a ThreadPoolExecutor", 15),
        "test_leaky_in_the_queue": ("int in a ThreadPoolExecutor", 18),
        "test_where_it_is_reported": ("str in a ThreadPoolExecutor", 22),
    }


@scenario("""
import asyncio, pytest

@pytest.mark.memguard(kinds="executor job=on")
def test_of_a_loop():
    async def main():
        await asyncio.to_thread(int)
        await asyncio.get_running_loop().run_in_executor(None, int)
    asyncio.run(main())
""")
def test_what_a_loop_gives_to_its_threads_is_done_with_it(told: Run) -> None:
    assert told.outcomes == {"0::test_of_a_loop": "passed"}
    assert told.findings == []
