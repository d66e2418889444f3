"""A generator that waits inside a block is noted with the line where it waits; what it holds is a finding."""

from __future__ import annotations

from .conftest import Run, scenario


@scenario("""
import asyncio, contextlib, pytest
HELD = []

def lines():
    with open(__file__) as file:
        yield from file

def numbers():
    yield from range(10)

async def lines_later():
    with open(__file__) as file:
        for line in file:
            yield line

def test_held():
    HELD.append(lines())
    next(HELD[-1])

def test_held_async():
    async def first():
        HELD.append(lines_later())
        await anext(HELD[-1])
    loop = asyncio.new_event_loop()
    loop.run_until_complete(first())
    loop.close()

def test_clean_closed():
    with contextlib.closing(lines()) as opened:
        next(opened)

def test_clean_with_nothing_pending():
    with open(__file__): pass
    HELD.append(numbers())
    next(HELD[-1])

@pytest.fixture(scope="module")
def opened():
    with open(__file__) as file:
        yield file

def test_clean_fixture(opened):
    assert opened.readline() == "\\n"

@pytest.fixture
def opened_here():
    with open(__file__) as file:
        yield file

def test_clean_fixture_of_the_test(opened_here): pass

@contextlib.contextmanager
def block():
    with open(__file__) as file:
        yield file

def test_clean_block():
    with block(): pass

@pytest.fixture(scope="module", autouse=True)
def end():
    yield
    for each in HELD[::2]: each.close()
""")
def test_a_generator_that_waits_in_a_block_is_noted_with_its_line(told: Run) -> None:
    noted = {each["test"].rpartition("::")[2]: each for each in told.findings if "generator" in each["kind"]}
    assert set(noted) == {"test_held", "test_held_async"}
    assert [(noted[test]["kind"], noted[test]["origin"][0]["line"]) for test in ("test_held", "test_held_async")] == [
        ("generator", 7),
        ("async generator", 15),
    ]
    failing = {each["test"].rpartition("::")[2]: each["kind"] for each in told.findings if each["fails"]}
    assert failing == {"test_held": "file", "test_held_async": "file"}


@scenario("""
import contextlib, gc
HELD = []

def lines():
    with open(__file__) as file:
        yield from file

def test_held_before_a_collection():
    HELD.append(lines())
    next(HELD[-1])
    gc.collect()

def test_held_between_two():
    gc.collect()
    HELD.append(lines())
    next(HELD[-1])
    gc.collect()

def test_begins_to_wait_after_one():
    HELD.append(lines())
    gc.collect()
    next(HELD[-1])

def test_clean_closed():
    with contextlib.closing(lines()) as opened:
        next(opened)
        gc.collect()

def test_of_before_is_not_this_ones():
    with open(__file__): gc.collect()
""")
def test_a_generator_is_found_though_the_test_collects_by_itself(told: Run) -> None:
    noted = [each["test"].rpartition("::")[2] for each in told.findings if each["kind"] == "generator"]
    assert noted == ["test_held_before_a_collection", "test_held_between_two", "test_begins_to_wait_after_one"]
