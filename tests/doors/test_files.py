"""Which files a run looks at, and under which names."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.engine import find_files
from memlint.settings import Settings, globs


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (
        "a.py",
        "a.pyi",
        "a.txt",
        "src/app.py",
        "src/gen/app.py",
        "build/lib.py",
        ".venv/lib/x.py",
        "node_modules/x.py",
        "src/build/y.py",
        "script",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.usefixtures("tree")
def test_python_files_are_found_in_order_and_named_as_the_user_named_the_folder() -> None:
    assert find_files(["."], Settings()).files == ("a.py", "a.pyi", "src/app.py", "src/gen/app.py")
    assert find_files(["./src"], Settings()).files == ("src/app.py", "src/gen/app.py")


def test_an_absolute_folder_gives_absolute_names(tree: Path) -> None:
    assert find_files([str(tree / "src" / "gen")], Settings()).files == (str(tree / "src/gen/app.py"),)


@pytest.mark.usefixtures("tree")
def test_a_file_named_twice_is_looked_at_once() -> None:
    assert find_files(["src/app.py", "src", "./src/app.py"], Settings()).files == ("src/app.py", "src/gen/app.py")


@pytest.mark.usefixtures("tree")
def test_a_named_file_needs_no_suffix_and_no_permission() -> None:
    assert find_files(["script", "build/lib.py"], Settings()).files == ("build/lib.py", "script")


@pytest.mark.usefixtures("tree")
def test_a_named_folder_is_searched_even_when_its_name_is_excluded() -> None:
    assert find_files(["build"], Settings()).files == ("build/lib.py",)


@pytest.mark.usefixtures("tree")
def test_force_exclude_counts_for_named_paths_too() -> None:
    assert find_files(["build", "build/lib.py", "src/app.py"], Settings(force_exclude=True)).files == ("src/app.py",)


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("gen", ("a.py", "a.pyi", "src/app.py")),
        ("src/gen", ("a.py", "a.pyi", "src/app.py")),
        ("src/*", ("a.py", "a.pyi")),
        ("**/gen/**", ("a.py", "a.pyi", "src/app.py")),
        ("*.pyi", ("a.py", "src/app.py", "src/gen/app.py")),
        ("app.py", ("a.py", "a.pyi")),
        ("g?[n]", ("a.py", "a.pyi", "src/app.py")),
    ],
)
def test_a_pattern_leaves_out(pattern: str, left: tuple[str, ...], tree: Path) -> None:
    assert find_files(["."], Settings(root=str(tree), extend_exclude=(pattern,))).files == left


def test_patterns_with_a_slash_start_at_the_configuration(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "src")

    assert find_files(["."], Settings(root=str(tree), extend_exclude=("src/gen",))).files == ("app.py",)


NAMES = st.text("ab*?[!]-.", min_size=1, max_size=6)


@settings(deadline=None)
@given(NAMES.filter(lambda name: globs.problem(name) is None), st.text("ab.", min_size=1, max_size=6))
def test_a_pattern_is_fnmatch_within_a_name(pattern: str, name: str) -> None:
    if name not in (".",) and "[" not in pattern:
        assert globs.matches(pattern, name) == fnmatch.fnmatchcase(name, pattern)


@settings(deadline=None)
@given(st.text("ab*?[]!-./\\", max_size=12), st.text("ab./", max_size=12))
def test_any_pattern_is_refused_or_can_be_asked(pattern: str, name: str) -> None:
    if globs.problem(pattern) is None:
        assert globs.matches(pattern, name) in (True, False)
