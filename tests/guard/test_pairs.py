"""Leaky and clean twins of every kind: each leaky one fails for its line and its kind, no clean one fails."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from .conftest import CASES, Run, run_pytest

FILES = ("matrix_cases", "state_cases")
LATE = ("test_leaky_held", "test_leaky_in_a_fixture")
"""The ways that leave a thing alive."""


def load(name: str) -> ModuleType:
    """A file of cases as a module, to know what it promises."""
    spec = importlib.util.spec_from_file_location(f"cases_{name}", CASES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(CASES))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(CASES))
    return module


MODULES = {name: load(name) for name in FILES}
WAYS = [name for name in vars(load("ways")) if name.startswith("test_")]
EVERY = [
    pytest.param(file, kind, how, id=f"{file.removesuffix('_cases')}-{how.__name__}")
    for file, module in MODULES.items()
    for kind, how in module.ALL
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """What a file of cases says; each runs once, when it is first asked for."""
    done: dict[str, Run] = {}

    def run(file: str) -> Run:
        if file not in done:
            folder = tmp_path_factory.mktemp(file)
            shutil.copytree(CASES, folder, dirs_exist_ok=True)
            done[file] = run_pytest(folder, "-q", f"{file}.py", *getattr(MODULES[file], "SWITCHES", ()))
        return done[file]

    return run


def lines_of(file: str, function: Any) -> range:
    """The lines of an acquiring function's body."""
    tree = ast.parse((CASES / f"{file}.py").read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    name = function.__code__.co_name
    found = next(node for node in ast.walk(tree) if isinstance(node, kinds) and node.name == name)
    assert found.end_lineno is not None
    return range(found.lineno + 1, found.end_lineno + 1)


@pytest.mark.parametrize("test", [way for way in WAYS if way.startswith("test_leaky")])
@pytest.mark.parametrize(("file", "kind", "how"), EVERY)
def test_a_leaky_test_fails_for_the_line_that_acquires(
    runs: Callable[[str], Run], test: str, file: str, kind: str, how: Any
) -> None:
    run, module = runs(file), MODULES[file]
    name = f"{test}[{how.__name__}]"
    assert run.outcome(name) == "failed", run.output[-4000:]
    found = run.failing(name)
    expected = getattr(module, "HELD_AS", {}).get(how, kind) if test in LATE else kind
    assert {each["kind"] for each in found} == {expected}
    if how in getattr(module, "NOBODY_TELLS", ()):
        assert {each["reason"].partition("; ")[2] for each in found} == {"nothing tells by which line"}
        return
    for each in found:
        line = each["origin"][0]
        assert line["file"] == f"{file}.py"
        assert line["line"] in lines_of(file, how)


@pytest.mark.parametrize("test", [way for way in WAYS if way.startswith("test_clean")])
@pytest.mark.parametrize(("file", "kind", "how"), EVERY)
def test_its_clean_twin_passes(runs: Callable[[str], Run], test: str, file: str, kind: str, how: Any) -> None:
    run = runs(file)
    name = f"{test}[{how.__name__}]"
    assert run.outcome(name) == "passed", run.output[-4000:]
    said = [each for each in run.of(name) if not each["reason"].startswith("warnings")]
    assert said == [], f"{kind} is given back"


def test_there_are_at_least_150_pairs() -> None:
    for prefix in ("test_leaky", "test_clean"):
        assert len(EVERY) * sum(way.startswith(prefix) for way in WAYS) >= 150
