#!/usr/bin/env python3
"""Set this checkout up and show or test it; needs Python 3.11 or newer and nothing else.

    python3 dev.py show                  both halves at work on the price watcher in examples/
    python3 dev.py test                  everything the gate runs: ruff, mypy, memlint, pytest --memguard
    python3 dev.py test --every-python   the same on each Python from 3.11 to 3.13 that this machine has

Each Python gets a virtual environment of its own in the checkout (`.venv-3.11`, ...), made once and kept.
"""

# Old interpreters must be able to read this file in order to be told that they are too old: no newer syntax here.
from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent
OLDEST, NEWEST = (3, 11), (3, 13)
PROBE = """
import importlib.util, sys
print(*sys.version_info[:2], all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")))
"""
OWN_SOURCE = ("memlint", "pytest_memguard", "dev.py", "examples/fixed")


class Trouble(Exception):
    """Something that the reader has to mend; the text says what, where and how."""


# --- the interpreters of this machine --------------------------------------------------------------------------


def probe(python: str) -> tuple[tuple[int, int], bool] | None:
    """Ask an interpreter for its version and whether it can make environments; None when it does not run."""
    try:
        answer = subprocess.run(
            [python, "-c", PROBE], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True
        )
        major, minor, able = answer.stdout.split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None  # not there, not a Python, or a launcher for a version that is not chosen
    return (int(major), int(minor)), able == "True"


def pythons() -> dict[tuple[int, int], str]:
    """Find each Python that we support: the one that runs this, those on PATH, those under pyenv's root."""
    folders = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [sys.executable]
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        candidates += [str(folder / f"python3.{minor}") for folder in folders]
        candidates += sorted(str(path) for path in root.glob(f"versions/3.{minor}.*/bin/python"))
    found: dict[tuple[int, int], str] = {}
    for python in candidates:
        if os.path.exists(python):
            seen = probe(python)
            if seen and seen[1] and OLDEST <= seen[0] <= NEWEST:
                found.setdefault(seen[0], python)
    return dict(sorted(found.items()))


def this_python() -> tuple[tuple[int, int], str]:
    """Take the Python that runs this file, or say which one would do."""
    version = (sys.version_info[0], sys.version_info[1])
    if version < OLDEST:
        others = ", ".join(f"`{path} dev.py`" for path in pythons().values())
        cure = f"this machine has newer ones: {others}" if others else "install one"
        raise Trouble(f"Python 3.11 or newer is needed and {sys.executable} is {version[0]}.{version[1]}: {cure}")
    seen = probe(sys.executable)
    if not seen or not seen[1]:
        raise Trouble(
            f"{sys.executable} cannot make virtual environments, its venv or ensurepip module is missing: "
            f"install it (on Debian and Ubuntu: apt install python{version[0]}.{version[1]}-venv)"
        )
    return version, sys.executable


# --- an environment of our own ---------------------------------------------------------------------------------


def call(words: list[str], what: str, cure: str) -> None:
    """Run a set-up step quietly; when it fails, show the end of what it said."""
    done = subprocess.run(
        words, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        tail = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-12:])
        raise Trouble(f"{what} failed with exit code {done.returncode}: {cure}\n{tail}")


def environment(version: tuple[int, int], python: str, extra: str) -> Path:
    """Make or renew the environment of one Python with the checkout installed editable; returns its bin folder."""
    home = CHECKOUT / f".venv-{version[0]}.{version[1]}"
    bin_folder = home / ("Scripts" if os.name == "nt" else "bin")
    own_python = str(bin_folder / "python")
    if probe(own_python) is None:
        print(f"making {home.name} with {python}", flush=True)
        call([python, "-m", "venv", "--clear", str(home)], "making the environment", f"see whether {home} is writable")
    stamp = home / "installed.txt"
    wanted = hashlib.sha256(bytes(CHECKOUT) + (CHECKOUT / "pyproject.toml").read_bytes()).hexdigest()
    known = stamp.read_text(encoding="utf-8").split() if stamp.exists() else []
    if wanted not in known or not {extra, "dev"} & set(known):
        print(f"installing pytest-memguard[{extra}] into {home.name}", flush=True)
        call(
            [own_python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", f".[{extra}]"],
            "pip install",
            "it needs the package index, or a mirror named in PIP_INDEX_URL",
        )
        stamp.write_text(f"{wanted} {extra}\n", encoding="utf-8")
    return bin_folder


def run(bin_folder: Path, *words: str) -> int:
    """Run one of the environment's commands in the checkout, before the reader's eyes."""
    print(f"\n$ {shlex.join(words)}", flush=True)
    path = f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}"
    words = (str(bin_folder / words[0]), *words[1:])
    return subprocess.run(words, cwd=CHECKOUT, stdin=subprocess.DEVNULL, env={**os.environ, "PATH": path}).returncode


# --- the two commands ------------------------------------------------------------------------------------------


def show() -> int:
    """Let both halves loose on the price watcher, leaky and fixed; 0 when each kept its promise."""
    tools = environment(*this_python(), "test")
    scenes = (
        ("examples/leaky is a price watcher with the leaks that people really write. Its tests are green:", 0,
         ("pytest", "-q", "-p", "no:randomly", "examples/leaky")),
        ("memlint reads it without running it, and proves each leak with the path that loses it:", 1,
         ("memlint", "check", "examples/leaky")),
        ("The guard runs the same green tests, and fails those that leave something behind:", 1,
         ("pytest", "-q", "-p", "no:randomly", "--memguard", "examples/leaky")),
        ("examples/fixed is the same program without the leaks. memlint has nothing to say:", 0,
         ("memlint", "check", "examples/fixed")),
        ("Nor has the guard:", 0,
         ("pytest", "-q", "-p", "no:randomly", "--memguard", "examples/fixed")),
    )  # fmt: skip
    broken = []
    for number, (story, promised, words) in enumerate(scenes, 1):
        print(f"\n=== {number} of {len(scenes)}. {story}", flush=True)
        got = run(tools, *words)
        if got != promised:
            broken.append(f"`{shlex.join(words)}` ended with exit code {got}, promised was {promised}")
    if broken:
        raise Trouble("the demonstration broke its promise: " + "; ".join(broken))
    print("\nAs promised: the leaks were found in the leaky twin, and nothing in the fixed one.")
    return 0


def gate(tools: Path) -> dict[str, tuple[int, float]]:
    """Run everything that must be green; each step's exit code and seconds. pytest comes last, so its line ends all."""
    steps = {
        "ruff": ("ruff", "check", "."),
        "mypy": ("mypy",),
        "memlint": ("memlint", "check", *OWN_SOURCE),
        "pytest": ("pytest", "--memguard"),
    }
    results = {}
    for name, words in steps.items():
        start = time.monotonic()
        results[name] = (run(tools, *words), time.monotonic() - start)
    return results


def test(every_python: bool) -> int:
    """Run the gate on this Python, or on every one; 0 when all of it is green."""
    chosen = pythons() if every_python else dict([this_python()])
    if not chosen:
        raise Trouble("no Python from 3.11 to 3.13 that can make virtual environments is on PATH or under pyenv's root")
    rows = {version: gate(environment(version, python, "dev")) for version, python in chosen.items()}
    if every_python:
        print()
        for (major, minor), results in rows.items():
            cells = [f"{name} {'FAILED' if code else 'ok':<6} {took:5.1f} s" for name, (code, took) in results.items()]
            print(f"Python {major}.{minor}:  {'  '.join(cells)}")
    failed = [
        f"{name} on Python {major}.{minor}"
        for (major, minor), results in rows.items()
        for name, (code, _) in results.items()
        if code
    ]
    if failed:
        raise Trouble("not green: " + ", ".join(failed))
    return 0


def main(words: list[str] | None = None) -> int:
    """Read the command line; 0 when all went as it should, 1 when not, 2 for bad use."""
    lines = (__doc__ or "").splitlines()
    parser = argparse.ArgumentParser(prog="dev.py", description=lines[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="both halves at work on the price watcher in examples/")
    tester = commands.add_parser("test", help="everything the gate runs: ruff, mypy, memlint, pytest --memguard")
    tester.add_argument("--every-python", action="store_true", help="on each Python from 3.11 to 3.13 of this machine")
    arguments = parser.parse_args(words)
    try:
        return show() if arguments.command == "show" else test(arguments.every_python)
    except Trouble as trouble:
        print(f"dev.py: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
