"""Nothing that Python's own grammar allows makes the engine fail: hypothesmith writes the programs."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from memlint.engine import Checker
from memlint.settings import Settings

EXAMPLES = 25

bounded = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def hypothesmith() -> ModuleType:
    """The library, imported only when a test asks for it: it reads a grammar, which takes seconds."""
    found: ModuleType = pytest.importorskip("hypothesmith")
    return found


@pytest.fixture(scope="module")
def survives() -> Callable[[str], None]:
    """Checks a program with every rule; the engine must not fail."""
    checker = Checker(Settings(preview=True, extend_select=("MEM",)))

    def check(program: str) -> None:
        result = checker.check_bytes(program.encode("utf-8", "surrogatepass"), "program.py")
        trace = "" if result.failure is None else result.failure.trace
        assert result.failure is None, f"{trace}\n{program}"

    return check


def around(program: str) -> str:
    """A function that holds a file while the statements of a program run; the program itself where those cannot stand
    in a function.
    """
    inside = f"def f(p):\n    held = open(p)\n{textwrap.indent(program, '    ')}\n    return held\n"
    try:
        ast.parse(inside)
    except (SyntaxError, ValueError):
        return program
    return inside


def test_whatever_the_grammar_gives_is_checked_or_refused(
    hypothesmith: ModuleType, survives: Callable[[str], None]
) -> None:
    @bounded
    @given(hypothesmith.from_grammar())
    def check(program: Any) -> None:
        survives(program)
        survives(around(program))

    check()


def test_whatever_is_built_of_every_kind_of_statement_is_checked(
    hypothesmith: ModuleType, survives: Callable[[str], None]
) -> None:
    @bounded
    @given(hypothesmith.from_node())
    def check(program: Any) -> None:
        survives(program)
        survives(around(program))

    check()
