"""``--since`` shows only findings whose path touches a changed line, in real repositories."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from memlint.engine.changes import changes_since

from .conftest import Command

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "x")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    (tmp_path / "a.py").write_text("f = open(1)\nx = 1\ny = 2\n")
    (tmp_path / "b.py").write_text("g = open(2)\n")
    commit(tmp_path)
    return tmp_path


def found(outcome_of: Command, *words: str) -> list[str]:
    outcome = outcome_of("check", "--since", "main", "--output-format", "concise", *words)
    assert outcome.err == ""
    return [line.split()[0] for line in outcome.lines]


@pytest.mark.usefixtures("repository")
def test_nothing_changed_is_clean(faked: Command) -> None:
    assert found(faked) == []


def test_a_changed_line_and_a_new_file_are_shown(faked: Command, repository: Path) -> None:
    (repository / "a.py").write_text("f = open(1)\nx = 1\ny = 2\nh = open(3)\n")
    (repository / "new.py").write_text("k = open(4)\n")

    # the fake rule's witness of `f` ends at the module's last statement, which is new
    assert found(faked) == ["a.py:1:5:", "a.py:4:5:", "new.py:1:5:"]


def test_lines_that_stay_are_not_shown(faked: Command, repository: Path) -> None:
    (repository / "a.py").write_text("f = open(1)\nx = 3\ny = 2\n")

    assert found(faked) == []


def test_a_line_taken_away_counts_for_its_neighbours(faked: Command, repository: Path) -> None:
    (repository / "a.py").write_text("f = open(1)\ny = 2\n")

    assert found(faked) == ["a.py:1:5:"]


def test_a_branch_is_compared_with_the_point_where_it_parted(faked: Command, repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "topic")
    (repository / "b.py").write_text("g = open(2)  # mine\n")
    commit(repository)
    git(repository, "switch", "--quiet", "main")
    (repository / "a.py").write_text("f = open(1)  # theirs\n")
    commit(repository)
    git(repository, "switch", "--quiet", "topic")

    assert found(faked) == ["b.py:1:5:"]


@pytest.mark.parametrize("name", ["with space.py", "tab\there.py", 'quo"te.py', "caf\u00e9.py", "b/sub.py"])
def test_any_file_name_is_understood(name: str, repository: Path) -> None:
    path = repository / ("sub" if "/" in name else "") / name.replace("/", "_")
    path.parent.mkdir(exist_ok=True)
    path.write_text("x = 1\n")
    commit(repository)
    path.write_text("x = 1\nf = open(1)\n")
    (repository / "a.py").write_text("# one\nf = open(1)\nx = 1\ny = 2\n")

    lines = changes_since("HEAD", str(repository)).lines

    assert lines[str(path.resolve())] == frozenset({2})
    assert len(lines) == 2


def test_a_line_that_looks_like_a_header_is_no_header(repository: Path) -> None:
    (repository / "a.py").write_text("f = open(1)\nx = 1\ny = 2\n'''\n++ b/b.py\n'''\n")

    assert list(changes_since("HEAD", str(repository)).lines) == [str((repository / "a.py").resolve())]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("revision", ["nope", "--output=x", "HEAD~9", ""])
def test_an_unknown_revision_is_one_line(revision: str, faked: Command, tmp_path: Path) -> None:
    outcome = faked("check", f"--since={revision}")

    assert (outcome.code, outcome.err) == (2, f"memlint: git knows no revision `{revision}` in {tmp_path.resolve()}\n")


def test_a_folder_outside_any_repository_is_one_line(faked: Command, tmp_path: Path) -> None:
    outcome = faked("check", "--since", "HEAD")

    assert outcome.code == 2
    assert outcome.err.startswith(f"memlint: git rev-parse in {tmp_path}: fatal: not a git repository")
