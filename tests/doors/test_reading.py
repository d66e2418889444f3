"""The page that reads graphs and facts shows what memlint prints."""

from __future__ import annotations

import importlib.util
import platform
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "explanation" / "write_reading.py"


@pytest.fixture
def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_reading", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_what_is_printed_on_the_python_that_it_names(writer: ModuleType) -> None:
    text = writer.PAGE.read_text(encoding="utf-8")
    version = writer.version_of(text)
    if version != platform.python_version():
        pytest.skip(f"the page reads the standard library of CPython {version}")

    assert writer.filled(text) == text, "run `python docs/explanation/write_reading.py` and read the page again"


def test_three_functions_are_read_as_graph_and_as_facts(writer: ModuleType) -> None:
    text = writer.PAGE.read_text(encoding="utf-8")

    for command in ("cfg", "facts"):
        assert text.count(f"$ memlint {command} ") == 3
