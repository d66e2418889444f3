"""Runs a file of cases once, and holds each leaky test and its clean twin to what the file promises."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import sys
from types import ModuleType
from typing import Any

import pytest

from .conftest import CASES, Run, run_pytest

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


WAYS = [name for name in vars(load("ways")) if name.startswith("test_")]
LEAKY = [way for way in WAYS if way.startswith("test_leaky")]
CLEAN = [way for way in WAYS if way.startswith("test_clean")]


class Pairs:
    """One file of cases: what it acquires in `ALL`, and what its run says."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.module = load(file)
        self._run: Run | None = None

    def params(self) -> list[Any]:
        """Everything that it acquires, as parameters `pairs`, `kind` and `how`."""
        short = self.file.removesuffix("_cases")
        return [pytest.param(self, kind, how, id=f"{short}-{how.__name__}") for kind, how in self.module.ALL]

    def run(self, factory: pytest.TempPathFactory) -> Run:
        """What a run of the file says; it runs when it is first asked for."""
        if self._run is None:
            folder = factory.mktemp(self.file)
            shutil.copytree(CASES, folder, dirs_exist_ok=True)
            self._run = run_pytest(folder, "-q", f"{self.file}.py", *getattr(self.module, "SWITCHES", ()))
        return self._run

    def lines_of(self, function: Any) -> range:
        """The lines of an acquiring function's body."""
        tree = ast.parse((CASES / f"{self.file}.py").read_text())
        name = function.__code__.co_name
        found = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
        assert found.end_lineno is not None
        return range(found.lineno + 1, found.end_lineno + 1)

    def hold_leaky(self, run: Run, test: str, kind: str, how: Any) -> None:
        """A leaky test fails for the kind of thing and the line that acquires it."""
        name = f"{test}[{how.__name__}]"
        assert run.outcome(name) == "failed", run.output[-4000:]
        found = run.failing(name)
        expected = getattr(self.module, "HELD_AS", {}).get(how, kind) if test in LATE else kind
        assert {each["kind"] for each in found} == {expected}
        for each in found:
            mine = [line["line"] for line in each["origin"] if line["file"] == f"{self.file}.py"]
            assert mine, each
            assert mine[0] in self.lines_of(how)

    def hold_clean(self, run: Run, test: str, how: Any) -> None:
        """Its clean twin passes, and nothing is said of it but what it drops on purpose."""
        name = f"{test}[{how.__name__}]"
        assert run.outcome(name) == "passed", run.output[-4000:]
        assert [each for each in run.of(name) if not each["reason"].startswith("warnings")] == []
