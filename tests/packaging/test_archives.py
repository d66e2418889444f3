"""What is in the archives that users download."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

from .building import CHECKOUT


def names(wheel: Path) -> set[str]:
    """The files of a wheel, its metadata folder left out."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def shipped(folder: str, pattern: str) -> set[str]:
    return {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / folder).rglob(pattern)}


def test_the_wheel_from_the_sdist_holds_what_the_wheel_holds(wheels: dict[str, Path]) -> None:
    indirect, straight = map(names, wheels.values())
    assert indirect == straight


def test_a_wheel_holds_the_two_packages_and_nothing_else(wheels: dict[str, Path]) -> None:
    assert {name.partition("/")[0] for name in names(wheels["wheel"])} == {"memlint", "pytest_memguard"}


def test_a_wheel_tells_type_checkers_that_it_is_annotated(wheels: dict[str, Path]) -> None:
    assert {"memlint/py.typed", "pytest_memguard/py.typed"} <= names(wheels["wheel"])


def test_a_wheel_holds_every_rule_page(wheels: dict[str, Path]) -> None:
    pages = {name.replace("rules/", "memlint/_pages/", 1) for name in shipped("rules", "*.md")}
    assert any("MEM101" in page for page in pages)
    assert pages <= names(wheels["wheel"])


def test_a_wheel_holds_the_whole_catalogue(wheels: dict[str, Path]) -> None:
    files = shipped("memlint/catalogue", "*.toml")
    assert files
    assert files <= names(wheels["wheel"])


def test_a_source_distribution_can_be_tested_and_shown(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "dev.py", "tests/test_layers.py", "examples/leaky/pyproject.toml"} <= held
