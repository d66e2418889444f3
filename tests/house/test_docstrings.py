"""Every example in a docstring does what it says."""

from __future__ import annotations

import doctest
import importlib
import tempfile
import warnings
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent.parent
MODULES = [
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("memlint", "pytest_memguard")
    for path in sorted((CHECKOUT / package).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_do_what_they_say(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # an example may leak on purpose, to show who notices
        for example in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name)):
            runner.run(example, out=said.append)
    assert "".join(said) == ""
    assert runner.tries
