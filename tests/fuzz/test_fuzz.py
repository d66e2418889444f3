"""Nothing that is fed to the engine makes it fail, and nothing makes it slower than linear."""

from __future__ import annotations

import sys
from collections.abc import Callable
from random import Random
from types import FrameType

import pytest

from memlint.engine import Checker, FileResult
from memlint.settings import Settings

from .mutations import by_statements, by_tokens, corpus
from .shapes import DEEP, SHAPES

FILES = 12
"""How many files of the corpus one run of the tests damages; benchmarks/fuzz.py damages all."""


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(Settings(preview=True, extend_select=("MEM",)))


def survived(result: FileResult, program: str) -> None:
    """The engine has not failed."""
    trace = "" if result.failure is None else result.failure.trace
    assert result.failure is None, f"{trace}\n{program[:2000]}"


@pytest.mark.parametrize("number", range(FILES))
def test_a_file_whose_tokens_are_damaged_is_checked_or_refused(checker: Checker, number: int) -> None:
    random = Random(number)
    path = random.choice([path for path in corpus() if path.stat().st_size < 40_000])
    text = by_tokens(path.read_text(encoding="utf-8", errors="surrogateescape"), random)

    survived(checker.check_bytes(text.encode("utf-8", "surrogateescape"), str(path)), text)


@pytest.mark.parametrize("number", range(FILES))
def test_a_file_whose_statements_are_shuffled_is_checked(checker: Checker, number: int) -> None:
    random = Random(number)
    path = random.choice([path for path in corpus() if path.stat().st_size < 40_000])
    text = by_statements(path.read_text(encoding="utf-8", errors="surrogateescape"), random) or ""

    survived(checker.check_bytes(text.encode("utf-8", "surrogateescape"), str(path)), text)


def operations(checker: Checker, program: str) -> int:
    """How many Python functions are called while a program is checked: a clock that does not depend on the machine."""
    called = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal called
        called += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        result = checker.check_bytes(program.encode(), "program.py")
    finally:
        sys.setprofile(before)
    survived(result, program)
    return called


@pytest.mark.parametrize("shape", [pytest.param(shape, id=name) for name, shape in SHAPES.items()])
def test_four_times_as_much_costs_at_most_a_little_more_than_four_times(
    checker: Checker, shape: Callable[[int], str]
) -> None:
    small, large = shape(30), shape(120)

    assert operations(checker, large) <= 4 * 1.6 * operations(checker, small)


@pytest.mark.parametrize("shape", [pytest.param(shape, id=name) for name, shape in DEEP.items()])
def test_what_is_nested_deeper_costs_no_more_than_its_lines(checker: Checker, shape: Callable[[int], str]) -> None:
    small, large = shape(4), shape(16)

    assert operations(checker, large) <= 16 * 2 * operations(checker, small)
    for depth in (60, 90, 150, 1000):
        survived(checker.check_bytes(shape(depth).encode(), "program.py"), f"depth {depth}")
