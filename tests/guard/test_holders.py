"""Where a thing is kept now: a container, a frame of a thread, a task, a generator; and where a thread stands."""

from __future__ import annotations

from .conftest import Run, scenario

START = """
import asyncio, socket, threading
HELD = []
STOP = threading.Event()
"""


@scenario(
    START
    + """
def work(kept):
    STOP.wait(20)  # here
    kept.close()

def test_leaky():
    threading.Thread(target=work, args=(socket.socket(),), name="keeper", daemon=True).start()

def test_ends():
    STOP.set()
"""
)
def test_a_thread_keeps_it_and_the_report_says_where_both_are(told: Run) -> None:
    found = {each["kind"]: each for each in told.failing("test_leaky")}
    line = next(at for at, text in enumerate(text_of(told).splitlines(), 1) if "# here" in text)
    place = f"{found['thread']['origin'][0]['file']}:{line} in work"
    assert found["thread"]["now_at"] == place
    assert found["socket"]["held_by"] == f"thread 'keeper' at {place}: kept (socket)"
    assert told.outcome("test_ends") == "passed"


@scenario(
    START
    + """
LOOP = asyncio.new_event_loop()

async def wait(kept):
    await asyncio.sleep(60)  # here

def test_leaky():
    HELD.append(LOOP.create_task(wait(socket.socket())))
    LOOP.run_until_complete(asyncio.sleep(0))
"""
)
def test_a_task_keeps_it(told: Run) -> None:
    found = {each["kind"]: each for each in told.failing("test_leaky")}
    assert found["asyncio task"]["now_at"].endswith("in wait")
    assert " in wait: kept (socket)" in found["socket"]["held_by"] or "HELD" in found["socket"]["held_by"]


@scenario(
    START
    + """
def numbers():
    kept = socket.socket()
    yield kept

def test_leaky():
    HELD.append(numbers())
    next(HELD[0])
"""
)
def test_a_generator_keeps_it_under_its_local_name(told: Run) -> None:
    (found,) = (each for each in told.failing("test_leaky") if each["kind"] == "socket")
    assert found["held_by"].endswith(".HELD (list) → [0] → kept")


def text_of(told: Run) -> str:
    """A scenario's text, from the test that told of it."""
    texts: tuple[str, ...] = vars(test_a_thread_keeps_it_and_the_report_says_where_both_are)["texts"]
    assert told.outcomes
    return texts[0]
