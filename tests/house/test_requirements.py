"""`pip install 'pytest-memguard[dev]'` brings every library that a test imports."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent.parent
OWN = {"benchmarks", "memlint", "pytest_memguard", "tests", "examples"}


def extra(name: str) -> Iterator[str]:
    """The distributions of one of our extras, those of the extras that it names included."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["optional-dependencies"][name]:
        distribution, inner = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", requirement).groups()  # type: ignore[union-attr]
        if distribution == "pytest-memguard":
            for part in inner.split(","):
                yield from extra(part)
        else:
            yield distribution.lower().replace("_", "-")


def imported() -> dict[str, str]:
    """Each library that a test imports, with one file that does."""
    found: dict[str, str] = {}
    for path in (CHECKOUT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.importorskip":
                names = [node.args[0].value] if isinstance(node.args[0], ast.Constant) else []
            for name in names:
                if (path.parent / f"{name}.py").exists():
                    continue  # a helper that lies beside it
                found.setdefault(name.partition(".")[0], str(path.relative_to(CHECKOUT)))
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names | OWN}


def test_the_dev_extra_brings_each_library_that_a_test_imports() -> None:
    known = set(extra("dev"))
    homes = packages_distributions()
    missing = {
        name: path
        for name, path in imported().items()
        if not known & {home.lower().replace("_", "-") for home in homes.get(name, [name])} and not name.startswith("_")
    }
    assert not missing, f"{missing}: name them in the dev extra of pyproject.toml"
