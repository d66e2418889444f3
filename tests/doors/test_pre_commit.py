"""The hook, as pre-commit installs and runs it from a repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("memlint", "pytest_memguard", "rules", ".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE")


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def commit_all(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "All")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository that holds what ours ships."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    commit_all(folder)
    return folder


def needs_network(output: str) -> None:
    """Skip where the hook's environment could not be made for want of a package index."""
    if "No matching distribution" in output or "Could not find a version" in output or "Connection" in output:
        if os.environ.get("CI"):
            pytest.fail(output, pytrace=False)
        pytest.skip("pip could not fetch the build backend that pre-commit needs")


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_pre_commit_runs_the_hook_on_the_files_of_a_commit(hooks: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "build").mkdir(parents=True)
    (project / "clean.py").write_text("x = 1\n")
    (project / "broken.py").write_text("x = = 1\n")
    (project / "build" / "broken.py").write_text("x = = 1\n")
    commit_all(project)

    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), "memlint", "--all-files", "--color", "never"],
        cwd=project,
        env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    needs_network(done.stdout + done.stderr)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "memlint..." in done.stdout
    assert "broken.py:1:5: MEM000 syntax error: invalid syntax" in done.stdout
    assert "build/broken.py" not in done.stdout
    assert "1 finding in 1 of 2 files." in done.stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_pre_commit_fixes_the_files_of_a_commit_and_stops_it_to_be_looked_at(hooks: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    leaky, spared = project / "leaky.py", project / "spared.txt"
    leaky.write_text("def f(path):\n    x = open(path)\n    return x.read()\n")
    spared.write_text("x = open(path)\n")
    commit_all(project)
    words = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), "memlint-fix", "--all-files"]

    def run() -> subprocess.CompletedProcess[str]:
        home = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")}
        return subprocess.run(
            [*words, "--color", "never"], cwd=project, env=home, capture_output=True, text=True, check=False
        )

    first = run()
    needs_network(first.stdout + first.stderr)

    assert first.returncode == 1, first.stdout + first.stderr
    assert "files were modified by this hook" in first.stdout
    assert "memlint: fixed 1 finding in 1 file" in first.stdout
    assert leaky.read_text() == "def f(path):\n    with open(path) as x:\n        return x.read()\n"
    assert spared.read_text() == "x = open(path)\n"
    git(project, "add", "--all")
    assert run().returncode == 0
