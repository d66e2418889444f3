"""Imports point downwards, in the order that CONTRIBUTING.md gives."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
PACKAGES = ("memlint", "pytest_memguard")
HOSTS = {  # where a third-party library may be imported at all, and which
    "memlint.fixes": {"libcst"},
    "memlint.flake8_adapter": {"flake8"},
    "memlint.results.stores": {"redis"},
    "pytest_memguard": {"pytest", "_pytest", "pluggy"},
}


def order(package: str) -> list[str]:
    """The package's rooms, lowest first, as CONTRIBUTING.md lists them."""
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(rf"^- `{package}/` .*: `(.+ < .+)`$", text, re.MULTILINE)
    assert found, f"CONTRIBUTING.md has no line with the order of {package}/"
    return found[1].split(" < ")


def name_of(path: Path) -> str:
    """The dotted name of a module, for a package's own file the package's."""
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(package: str) -> list[Path]:
    return sorted((CHECKOUT / package).rglob("*.py"))


def room(module: str) -> str | None:
    """The room that a module stands in; None for the package itself."""
    return module.split(".")[1] if "." in module else None


def imports(path: Path, *, at_import: bool = False) -> Iterator[tuple[int, str]]:
    """Each module that a file imports, with the line.

    `at_import` leaves out what waits inside a function, and what only a type checker reads.
    """
    pending: list[ast.AST] = [ast.parse(path.read_bytes())]
    while pending:
        node = pending.pop()
        if at_import and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if at_import and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = [*path.relative_to(CHECKOUT).parent.parts]
                base = ".".join([*here[: len(here) + 1 - node.level], *([node.module] if node.module else [])])
            for alias in node.names:  # `from memlint import cfg` imports a room, `from memlint.cfg import x` a name
                yield node.lineno, f"{base}.{alias.name}" if base in PACKAGES else base
        pending.extend(ast.iter_child_nodes(node))


def test_a_relative_import_is_read_as_the_module_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "CHECKOUT", tmp_path)
    path = tmp_path / "memlint" / "flow" / "solver.py"
    path.parent.mkdir(parents=True)
    path.write_text("from . import state\nfrom ..cfg import graph\nfrom .. import rules\nimport memlint.cli\n")
    assert sorted(imports(path)) == [
        (1, "memlint.flow"),
        (2, "memlint.cfg"),
        (3, "memlint.rules"),
        (4, "memlint.cli"),
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_stands_in_a_named_room(package: str) -> None:
    rooms = order(package)
    homeless = [name for path in modules(package) if (name := room(name_of(path))) and name not in rooms]
    assert not homeless, (
        f"{package}/ has no room called {', '.join(sorted(set(homeless)))}: "
        "give it its place in the order of CONTRIBUTING.md, 'The house'"
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_downwards(package: str) -> None:
    rooms = order(package)
    upwards = []
    for path in modules(package):
        here = room(name_of(path))
        for line, target in imports(path):
            there = room(target)
            if not target.startswith(f"{package}.") or there not in rooms or there == here:
                continue
            if here is None or here not in rooms or rooms.index(there) > rooms.index(here):
                upwards.append(f"{path.relative_to(CHECKOUT)}:{line} imports {target}")
    assert not upwards, "imports must point left in the order of CONTRIBUTING.md:\n" + "\n".join(upwards)


@pytest.mark.parametrize(("package", "other"), [PACKAGES, PACKAGES[::-1]])
def test_the_two_packages_do_not_import_each_other(package: str, other: str) -> None:
    across = [
        f"{path.relative_to(CHECKOUT)}:{line}"
        for path in modules(package)
        for line, target in imports(path)
        if target.partition(".")[0] == other
    ]
    assert across == []


def strangers(package: str, *, at_import: bool) -> list[str]:
    """Where a room imports a library that is neither Python's nor its host's."""
    found = []
    for path in modules(package):
        module = name_of(path)
        host = {library for place, libraries in HOSTS.items() if module.startswith(place) for library in libraries}
        host = set() if module.startswith("pytest_memguard.runtime") else host
        for line, target in imports(path, at_import=at_import):
            if target.partition(".")[0] not in host | sys.stdlib_module_names | {package}:
                found.append(f"{path.relative_to(CHECKOUT)}:{line} imports {target}")
    return found


def test_memlint_imports_a_library_only_in_the_room_that_translates_it() -> None:
    assert strangers("memlint", at_import=False) == []


def test_the_guard_and_the_runtime_import_an_optional_library_only_when_asked() -> None:
    assert strangers("pytest_memguard", at_import=True) == []
