"""`dev.py` needs only Python, says what is missing, and never calls a broken promise kept."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).parent.parent.parent


@pytest.fixture
def dev() -> Iterator[ModuleType]:
    """The file `dev.py` as a module."""
    spec = importlib.util.spec_from_file_location("dev", CHECKOUT / "dev.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def script(path: Path, *lines: str) -> str:
    """Write a shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_on_the_path_that_does_not_run_is_not_offered(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "python3.11", "echo 3 11 True")
    script(tmp_path / "python3.12", "echo 'version 3.12 is not chosen' >&2", "exit 127")
    script(tmp_path / "python3.13", "echo 3 13 False")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "away"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert dev.pythons() == {(3, 11): str(tmp_path / "python3.11")}


def test_pythons_under_the_root_of_pyenv_are_found(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = script(tmp_path / "versions" / "3.12.4" / "bin" / "python", "echo 3 12 True")
    script(tmp_path / "versions" / "3.14.0" / "bin" / "python", "echo 3 14 True")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "away"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert dev.pythons() == {(3, 12): python}


def test_a_python_without_venv_is_named_with_the_cure(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = script(tmp_path / "python", "echo 3 11 False")
    monkeypatch.setattr(sys, "executable", python)
    with pytest.raises(dev.Trouble, match=rf"{python} cannot make virtual environments.*python3\.\d+-venv"):
        dev.this_python()


def test_a_python_that_is_too_old_is_told_so(dev: ModuleType) -> None:
    names = [f"python3.{minor}" for minor in (10, 9, 8)]
    known = [shutil.which(name) for name in names]
    known += [str(path) for name in names for path in Path.home().glob(f".pyenv/versions/*/bin/{name}")]
    old = next((python for python in known if python and dev.probe(python)), None)
    if old is None:
        pytest.skip("this machine has no Python from 3.8 to 3.10")
    done = subprocess.run([old, "dev.py", "test"], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("dev.py: Python 3.11 or newer is needed and ")
    assert "Traceback" not in done.stderr


def test_a_failed_install_shows_what_pip_said(tmp_path: Path) -> None:
    for name in ("dev.py", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, tmp_path)
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, "dev.py", "test"], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, **offline}
    )
    assert done.returncode == 1
    assert "dev.py: pip install failed with exit code 1: it needs the package index" in done.stderr
    assert "hatchling" in done.stderr
    assert not (tmp_path / f".venv-3.{sys.version_info[1]}" / "installed.txt").exists()


def stage(dev: ModuleType, home: Path, monkeypatch: pytest.MonkeyPatch, **tools: str) -> None:
    """Put scripts where the environment's tools would be."""
    for name, body in tools.items():
        script(home / name, body)
    monkeypatch.setattr(dev, "environment", lambda *_: home)


FAILS_LEAKY = 'case "$*" in *leaky*) exit 1;; esac'
GUARDS_LEAKY = 'case "$*" in *memguard*leaky*) exit 1;; esac'
GUARDS_ALL = 'case "$*" in *memguard*) exit 1;; esac'


@pytest.mark.parametrize(
    ("memlint", "guard", "broken"),
    [
        (FAILS_LEAKY, GUARDS_LEAKY, ""),
        ("exit 0", GUARDS_LEAKY, "`memlint check examples/leaky` ended with exit code 0"),
        ("exit 2", GUARDS_LEAKY, "`memlint check examples/leaky` ended with exit code 2"),
        (FAILS_LEAKY, "exit 0", "--memguard examples/leaky` ended with exit code 0"),
        (FAILS_LEAKY, GUARDS_ALL, "--memguard examples/fixed` ended with exit code 1"),
    ],
)
def test_the_show_ends_well_only_when_each_half_kept_its_promise(
    memlint: str, guard: str, broken: str, dev: ModuleType, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    stage(dev, tmp_path, monkeypatch, memlint=memlint, pytest=guard)
    assert dev.main(["show"]) == (1 if broken else 0)
    assert broken in capfd.readouterr().err


def test_the_gate_names_each_step_that_is_not_green(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stage(dev, tmp_path, monkeypatch, ruff="exit 0", mypy="exit 1", memlint="exit 0", pytest="exit 1")
    assert dev.main(["test"]) == 1
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert capfd.readouterr().err == f"dev.py: not green: mypy on Python {version}, pytest on Python {version}\n"


def test_every_python_gets_a_row_in_the_table(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stage(dev, tmp_path, monkeypatch, ruff="exit 0", mypy="exit 0", memlint="exit 0", pytest="exit 0")
    monkeypatch.setattr(dev, "pythons", lambda: {(3, 11): "python3.11", (3, 13): "python3.13"})
    assert dev.main(["test", "--every-python"]) == 0
    rows = [line for line in capfd.readouterr().out.splitlines() if line.startswith("Python ")]
    assert [row.split(":")[0] for row in rows] == ["Python 3.11", "Python 3.13"]
    assert all(row.count(" ok ") == 4 for row in rows)


def test_the_gate_runs_the_command_that_the_readme_names() -> None:
    gate = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
    assert "python3 dev.py test" in gate
    assert "python3 dev.py test" in (CHECKOUT / "README.md").read_text(encoding="utf-8")
