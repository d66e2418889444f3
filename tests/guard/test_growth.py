"""Growth of the heap: proved by repetition, named by its container, dismissed when it is bounded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.growth import Size, grows, is_even

from .conftest import Run

SUITE = """
import functools, pytest, weakref

class Thing:
    def __init__(self): self.data = [object() for _ in range(5)]

REGISTRY = {}
BOUNDED = {}
NAMES = []

def test_leaky_registry():
    thing = Thing()
    REGISTRY[id(thing)] = thing

class Cache:
    kept = []

def test_leaky_class_attribute():
    Cache.kept.append(Thing())

STREAMS = weakref.WeakKeyDictionary()

def test_leaky_weak_keys_that_are_their_own_values():
    thing = Thing()
    STREAMS[thing] = thing

@functools.lru_cache(maxsize=None)
def load(key): return Thing()

def test_leaky_cache():
    load(Thing())

PAGES = {}

def test_leaky_text():
    PAGES[f"page {len(PAGES)}"] = f"words {len(PAGES)}" * 100

class Log:
    lines = []

def test_leaky_lines():
    Log.lines.append(str(len(Log.lines)) * 50)

@functools.lru_cache(maxsize=None)
def upper(text): return text.upper()

def test_leaky_cache_of_text():
    upper(f"text {upper.cache_info().currsize}")

ANSWERS = {}
CALLS = []

def test_leaky_beside_what_is_only_replaced():
    ANSWERS.update({number: [number] for number in range(20)})
    CALLS.append([0])

class Link:
    def __init__(self, behind): self.behind = behind

class Newest:
    link = None

def test_leaky_linked_list():
    Newest.link = Link(Newest.link)

@pytest.fixture(scope="session")
def wide():
    return [0]

@pytest.fixture
def narrow(wide):
    return [wide]

def test_clean_fixture_over_a_wider_one(narrow):
    assert narrow == [[0]]

@pytest.fixture
def waiting():
    ANSWERS["waiting"] = [[number] for number in range(20)]
    generator = (number for number in range(20))
    next(generator)
    ANSWERS["generator"] = generator
    yield

def test_clean_fixture_that_is_a_generator(waiting):
    ANSWERS["test"] = [[number] for number in range(20)]

def test_clean_same_text():
    PAGES["the same"] = "words"

def test_clean_locals():
    things = [Thing() for _ in range(50)]
    assert len(things) == 50

def test_clean_bounded():
    BOUNDED["last"] = Thing()

def test_clean_cache():
    load("always the same")

def test_clean_fixtures(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("x")
    print("words")

@pytest.mark.memguard(ignore=["heap growth"])
def test_ignored():
    REGISTRY[object()] = Thing()

def test_clean_not_repeatable():
    NAMES.append(Thing())
    assert len(NAMES) == 1 or True
"""


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Run:
    from .conftest import run_pytest, write

    folder = tmp_path_factory.mktemp("heap")
    write(folder, {"test_it.py": SUITE.replace("test_clean_not_repeatable", "test_leaky_names")})
    return run_pytest(folder, "--memguard-level=heap")


@pytest.mark.parametrize(
    ("test", "container"),
    [
        ("test_leaky_registry", "test_it.REGISTRY (dict)"),
        ("test_leaky_class_attribute", "test_it.Cache (type) → kept"),
        ("test_leaky_weak_keys_that_are_their_own_values", "test_it.STREAMS (WeakKeyDictionary) → data"),
        ("test_leaky_cache", "test_it.load (_lru_cache_wrapper)"),
        ("test_leaky_names", "test_it.NAMES (list)"),
        ("test_leaky_beside_what_is_only_replaced", "test_it.CALLS (list)"),
        ("test_leaky_linked_list", "test_it.Newest (type)"),
        ("test_leaky_text", "test_it.PAGES (dict)"),
        ("test_leaky_lines", "test_it.Log.lines (list)"),
        ("test_leaky_cache_of_text", "test_it.upper (lru_cache)"),
    ],
)
def test_growth_is_one_leak_named_by_the_container(heap: Run, test: str, container: str) -> None:
    assert heap.outcome(test) == "failed"
    found = heap.failing(test)
    assert [each["kind"] for each in found] == ["heap growth"]
    assert container in found[0]["held_by"]


def test_what_is_bounded_or_ignored_passes(heap: Run) -> None:
    failing = {name for name, outcome in heap.outcomes.items() if outcome != "passed"}
    assert not [name for name in failing if "leaky" not in name], heap.output
    noted = {each["test"].rpartition("::")[2] for each in heap.findings if not each["fails"]}
    assert not [name for name in noted if name.startswith("test_clean")], heap.output


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 50)), min_size=4, max_size=6))
def test_growth_needs_every_step_and_equal_last_steps(steps: list[tuple[int, int]]) -> None:
    sizes = [Size(0, 0)]
    for blocks, objects in steps:
        sizes.append(Size(sizes[-1].blocks + blocks, sizes[-1].objects + objects))
    last = steps[-3:]
    even = all(max(values) - min(values) <= max(1, max(values) // 10) for values in zip(*last, strict=True))
    assert grows(sizes) == all(min(step) >= 1 for step in steps)
    assert is_even(sizes) == even


LIMITED = """
import pytest
class Thing:
    def __init__(self): self.data = bytearray(2000), [object() for _ in range(9)]
REGISTRY = []
RUNS = []

@pytest.mark.memguard(growth="1 MB")
def test_within(): REGISTRY.append(Thing())

@pytest.mark.memguard(growth="1 kB")
def test_above(): REGISTRY.append(Thing())

@pytest.mark.memguard(repeats=7)
def test_often():
    RUNS.append(Thing())
    assert len(RUNS) < 20

def test_unmarked(): REGISTRY.append(Thing())

@pytest.mark.memguard(growth=0)
def test_uneven(): REGISTRY.extend(Thing() for _ in range(len(REGISTRY) + 1))

ONCE = []
@pytest.mark.memguard(growth=0)
def test_not_repeatable():
    ONCE.append(Thing())
    assert len(ONCE) == 1

@pytest.mark.memguard(growth=0)
def test_clean(): [Thing() for _ in range(9)]

@pytest.mark.memguard(repeats=2)
def test_wrong(): pass
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Run:
    from .conftest import run_pytest, write

    folder = tmp_path_factory.mktemp("limited")
    write(folder, {"test_it.py": LIMITED})
    return run_pytest(folder)


def test_a_marker_has_growth_proved_at_every_level_against_its_limit(limited: Run) -> None:
    outcomes = {name.rpartition("test_")[2]: outcome for name, outcome in limited.outcomes.items()}
    failing = {name for name, outcome in outcomes.items() if outcome != "passed"}
    assert failing == {"above", "often", "wrong"}, limited.output
    assert limited.of("test_unmarked") == []
    (within,) = limited.of("test_within")
    assert " bytes a run, within growth=1048576" in within["allowed"]


def test_the_marker_says_how_many_runs_prove_it(limited: Run) -> None:
    assert limited.failing("test_often")[0]["reason"] == "grew in each of 7 runs by the same amount"
    assert "memguard_repeats = 2 must lie between 3 and 100" in limited.output


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("test_uneven", "it grew in each of 4 runs, but never by the same amount"),
        ("test_not_repeatable", "it grew, and failed when it was run again"),
    ],
)
def test_what_is_neither_proved_nor_dismissed_is_said_and_fails_nothing(limited: Run, test: str, reason: str) -> None:
    (found,) = limited.of(test)
    assert (found["verdict"], found["reason"], found["fails"]) == ("unknown", reason, False)


WIDER = """
import pytest, socket
HELD = []
REGISTRY = []
SETUPS = []

@pytest.fixture(scope="module")
def server():
    SETUPS.append(1)
    HELD.append(socket.socket())
    yield
    assert len(SETUPS) == 1

@pytest.fixture(scope="module")
def broken():
    yield
    assert False, "at the tear-down of the module"

def test_first(server): REGISTRY.append([object()])
def test_last(server, broken): pass
"""


def test_wider_fixtures_live_through_the_repetitions_and_are_judged_once(suite: Callable[..., Run]) -> None:
    run = suite(WIDER, args=("--memguard-level=heap",))
    assert (run.outcome("test_first"), run.outcome("test_last")) == ("failed", "error")
    assert [each["kind"] for each in run.failing("test_first")] == ["heap growth"]
    assert "at the tear-down of the module" in run.output
    assert [each["owner"] for each in run.of("test_last")] == []


def test_a_wider_fixture_that_forgets_is_charged_at_its_own_end_at_the_heap_level_too(
    suite: Callable[..., Run],
) -> None:
    run = suite(WIDER.replace(", broken)", ")"), args=("--memguard-level=heap",))
    assert run.outcome("test_last") == "error"
    assert [each["owner"] for each in run.of("test_last")] == ["module fixture 'server'"]


def test_a_baseline_lets_old_leaks_pass_and_new_ones_fail(suite: Callable[..., Run], tmp_path: Path) -> None:
    old = "HELD = []\ndef test_old():\n    HELD.append(open(__file__))\n"
    first = suite(old)
    assert first.outcome("test_old") == "failed"
    (tmp_path / "known.json").write_text((tmp_path / "memguard.json").read_text())
    second = suite(
        old + "def test_new():\n    import socket\n    HELD.append(socket.socket())\n",
        args=("--memguard-baseline", "known.json"),
    )
    assert (second.outcome("test_old"), second.outcome("test_new")) == ("passed", "failed")
    assert "in the baseline known.json" in second.output


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is no document"), ("[]", "is no document"), (json.dumps({"version": 99, "findings": []}), "version 99")],
)
def test_a_baseline_that_is_none_is_refused(tmp_path: Path, text: str, words: str) -> None:
    from pytest_memguard.reports.record import known

    path = tmp_path / "known.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        known(path)
