"""Importing the runtime must cost nothing but the standard library, and every name must have one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_memguard.runtime as runtime

SOURCE = ast.parse(Path(str(runtime.__file__)).read_text())

FOREIGN = """
import sys
before = set(sys.modules)
import pytest_memguard.runtime as runtime
{use}
from importlib.metadata import packages_distributions
own = {{"pytest_memguard"}}
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(sorted(name for name in loaded - own if name not in sys.stdlib_module_names and not name.startswith("_")))
"""


@pytest.mark.parametrize("use", ["", "[getattr(runtime, name) for name in runtime.__all__]"])
def test_the_runtime_imports_neither_pytest_nor_any_third_party_package(use: str) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", FOREIGN.format(use=use)], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_importing_the_package_loads_none_of_its_modules() -> None:
    code = (
        "import sys, pytest_memguard.runtime; print([n for n in sys.modules if n.count('.') > 1 and 'memguard' in n])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.strip() == "[]"


def imported_names() -> set[str]:
    (block,) = (node for node in SOURCE.body if isinstance(node, ast.If))
    return {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}


def test_what_type_checkers_see_is_what_is_exported() -> None:
    assert imported_names() == set(runtime.__all__) == set(runtime._ROOM_OF)


@pytest.mark.parametrize("name", runtime.__all__)
def test_every_exported_name_exists_and_is_documented(name: str) -> None:
    value = getattr(runtime, name)

    assert value.__doc__
    assert name in dir(runtime)


def test_an_unknown_name_is_refused_as_usual() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Poool'"):
        _ = runtime.Poool  # type: ignore[attr-defined]
