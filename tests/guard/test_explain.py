"""The explain level: confirmed leaks are run once more, and the report says which lines and who keeps it."""

from __future__ import annotations

import pytest

from .conftest import Run, run_pytest, write

SUITE = """
import ctypes, socket, threading, weakref
import pytest

LIBC = ctypes.CDLL(None)
REGISTRY = {}
STOP = threading.Event()


class Thing:
    def __init__(self):
        self.data = [object() for _ in range(5)]


def store():
    thing = Thing()  # allocates
    REGISTRY[id(thing)] = thing


def test_grows():
    store()


def test_opened_by_c_code():
    LIBC.open(b"/dev/null", 0)  # opens


def test_opened_by_c_code_and_closed():
    LIBC.close(LIBC.open(b"/dev/null", 0))


def test_two_at_once():
    LIBC.inotify_init()  # first
    LIBC.eventfd(0, 0)  # second


def make():
    cache = weakref.WeakKeyDictionary()

    def stream():
        thing = Thing()
        cache[thing] = thing

    return stream


out, err = make(), make()


def test_out():
    out()


def test_err():
    err()


def test_clean():
    with open(__file__) as file:
        file.read()
"""


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("explained")
    write(folder, {"test_it.py": SUITE})
    return run_pytest(folder, "--memguard-level=explain", "-v")


def line_of(words: str) -> int:
    return next(at for at, line in enumerate(SUITE.splitlines(), 1) if words in line)


def test_growth_is_told_by_the_lines_that_allocate_it(explained: Run) -> None:
    (found,) = explained.failing("test_grows")
    lines = {each["line"]: each["bytes"] for each in found["grew_at"]}
    assert line_of("# allocates") in lines
    assert line_of("self.data =") in lines
    assert all(each["file"] == "test_it.py" and each["blocks"] >= 1 for each in found["grew_at"])
    assert f"grew at  test_it.py:{line_of('# allocates')}" in explained.output
    assert found["held_by"] == "test_it.REGISTRY (dict)"


def test_what_c_code_opens_is_told_by_the_line_that_called_it(explained: Run) -> None:
    (found,) = explained.failing("test_opened_by_c_code")
    assert (found["verdict"], found["origin"][0]["line"]) == ("leaking", line_of("# opens"))


def test_two_descriptors_are_told_apart_by_their_kind(explained: Run) -> None:
    found = {each["kind"]: each["origin"][0]["line"] for each in explained.failing("test_two_at_once")}
    assert found == {"inotify": line_of("# first"), "eventfd": line_of("# second")}


def test_what_is_clean_stays_clean(explained: Run) -> None:
    for test in ("test_clean", "test_opened_by_c_code_and_closed"):
        assert explained.outcome(test) == "passed"
        assert explained.of(test) == []


def test_one_leak_through_two_names_is_one_leak_with_the_list_of_its_tests(explained: Run) -> None:
    (out,), (err,) = explained.failing("test_out"), explained.failing("test_err")
    assert out["held_by"] == "test_it.out (function) → closure → data"
    assert err["held_by"] == "test_it.err (function) → closure → data"
    assert out["fingerprint"] == err["fingerprint"]
    assert "in test_it.py::test_out, test_it.py::test_err" in explained.output
