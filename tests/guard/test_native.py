"""Memory outside Python's own count: growth is proved by repetition, and only reported unless it is switched on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard import native

from .conftest import Run

SUITE = """
import ctypes
import pytest
C = ctypes.CDLL(None)
C.malloc.restype = ctypes.c_void_p
C.free.argtypes = [ctypes.c_void_p]

def test_leaky(): assert C.malloc(200_000)

@pytest.mark.memguard(kinds="native growth=on")
def test_leaky_and_on(): assert C.malloc(200_000)

def test_clean(): C.free(C.malloc(200_000))

KEPT = []
def test_clean_once():
    if not KEPT: KEPT.append(C.malloc(200_000))
"""


@pytest.mark.skipif(not native.in_use(), reason="this C library does not tell what it has handed out")
def test_native_growth_is_proved_and_only_reported(suite: Callable[..., Run]) -> None:
    run = suite(SUITE, args=("--memguard-level=heap",))
    grown = {
        each["test"].rpartition("::")[2]: each["fails"] for each in run.findings if each["kind"] == "native growth"
    }
    assert grown == {"test_leaky": False, "test_leaky_and_on": True}
    assert "195 kB a run" in run.of("test_leaky")[0]["what"]


@given(st.lists(st.integers(-1000, native.LEAST - 1), min_size=1).map(lambda steps: [sum(steps[:n]) for n in range(9)]))
def test_small_steps_are_no_growth(sizes: list[int]) -> None:
    assert native.grows(sizes) == 0


def test_the_repetitions_end_with_the_first_that_adds_nothing() -> None:
    sizes = iter([0, 100_000, 100_000])
    runs: list[int] = []
    assert native.prove(lambda: not runs.append(1), lambda: None, 5, look=lambda: next(sizes)) == 0
    assert len(runs) == native.WARM_UPS + 2
