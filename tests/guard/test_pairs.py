"""Leaky and clean twins of every kind: each leaky one fails for its line and its kind, no clean one fails."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from .conftest import CASES, Run, run_pytest


def load(name: str) -> ModuleType:
    """A file of cases as a module, to know what it promises."""
    spec = importlib.util.spec_from_file_location(f"cases_{name}", CASES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


MATRIX = load("matrix_cases")
LEAKY = [name for name in vars(MATRIX) if name.startswith("test_leaky")]
CLEAN = [name for name in vars(MATRIX) if name.startswith("test_clean")]
WAYS = [(kind, how) for kind, how in MATRIX.ALL]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("matrix")
    shutil.copytree(CASES, folder, dirs_exist_ok=True)
    return run_pytest(folder, "-q", "matrix_cases.py")


def lines_of(function: object) -> range:
    """The lines of an acquiring function's body."""
    code = function.__code__  # type: ignore[attr-defined]
    tree = ast.parse((CASES / "matrix_cases.py").read_text())
    found = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == code.co_name)
    assert found.end_lineno is not None
    return range(found.lineno + 1, found.end_lineno + 1)


@pytest.mark.parametrize("test", LEAKY)
@pytest.mark.parametrize(("kind", "how"), [pytest.param(*way, id=way[1].__name__) for way in WAYS])
def test_a_leaky_test_fails_for_the_line_that_acquires(matrix: Run, test: str, kind: str, how: object) -> None:
    name = f"{test}[{how.__name__}]"  # type: ignore[attr-defined]
    assert matrix.outcome(name) == "failed"
    expected = MATRIX.HELD_AS.get(how, kind) if test in ("test_leaky_held", "test_leaky_in_a_fixture") else kind
    found = matrix.failing(name)
    assert {each["kind"] for each in found} == {expected}
    for each in found:
        line = each["origin"][0]
        assert line["file"] == "matrix_cases.py"
        assert line["line"] in lines_of(how)


@pytest.mark.parametrize("test", CLEAN)
@pytest.mark.parametrize("how", [pytest.param(way[1], id=way[1].__name__) for way in WAYS])
def test_its_clean_twin_passes(matrix: Run, test: str, how: object) -> None:
    name = f"{test}[{how.__name__}]"  # type: ignore[attr-defined]
    assert matrix.outcome(name) == "passed"
    assert [each for each in matrix.of(name) if not each["reason"].startswith("warnings")] == []


def test_there_are_at_least_150_pairs(matrix: Run) -> None:
    leaky = [name for name in matrix.outcomes if "::test_leaky" in name]
    clean = [name for name in matrix.outcomes if "::test_clean" in name]
    assert min(len(leaky), len(clean)) >= 150
