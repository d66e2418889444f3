"""``--fix`` and its kin, as a user runs them."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Command

LEAK = "def f(path):\n    x = open(path)\n    return x.read()\n"
FIXED = "def f(path):\n    with open(path) as x:\n        return x.read()\n"
UNSAFE = "import socket\n\n\ndef f(a, work):\n    x = socket.create_connection(a)\n    x.sendall(b'1')\n    work()\n"
NONE = "import subprocess\n\n\ndef f(words):\n    subprocess.Popen(words)\n"


def test_fix_writes_and_reports_what_is_left(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    (tmp_path / "b.py").write_text(NONE)

    outcome = memlint("check", "--fix", "--output-format", "concise")

    assert outcome.code == 1
    assert [line.split()[0] for line in outcome.lines] == ["b.py:5:5:"]
    assert outcome.err == "memlint: fixed 1 finding in 1 file\n"
    assert (tmp_path / "a.py").read_text() == FIXED
    assert (tmp_path / "b.py").read_text() == NONE


def test_a_run_that_leaves_nothing_is_clean_and_a_second_one_changes_nothing(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)

    first, second = memlint("check", "--fix", "--show-fixes"), memlint("check", "--fix")

    assert (first.code, second.code) == (0, 0)
    assert "a.py:2: MEM101 fixed by with-block: Hold it by `with`" in first.err
    assert second.err == "memlint: fixed 0 findings in 0 files\n"


def test_show_fixes_alone_says_what_could_be_fixed_in_every_format(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    (tmp_path / "b.py").write_text(UNSAFE)

    outcome = memlint("check", "--show-fixes", "--output-format", "json")
    sarif = json.loads(memlint("check", "--show-fixes", "--output-format", "sarif").out)

    safe, unsafe = (finding["fix"] for finding in json.loads(outcome.out)["findings"])
    assert safe == {"name": "with-block", "title": "Hold it by `with`", "safe": True}
    assert (unsafe["name"], unsafe["safe"]) == ("with-block", False)
    assert "memlint: b.py:5: MEM101 can be fixed by with-block (unsafe): Hold it by `with`" in outcome.err
    change = sarif["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert "with open(path) as x:" in change["insertedContent"]["text"]
    assert (tmp_path / "a.py").read_text() == LEAK


def test_unsafe_fixes_are_counted_and_done_when_asked_for(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(UNSAFE)

    safe, unsafe = memlint("check", "--fix"), memlint("check", "--fix", "--unsafe-fixes", "--show-fixes")

    assert (safe.code, unsafe.code) == (1, 0)
    assert "1 more finding can be fixed with --unsafe-fixes" in safe.err
    assert "fixed by with-block (unsafe)" in unsafe.err
    assert "with socket.create_connection(a) as x:" in (tmp_path / "a.py").read_text()


def test_diff_shows_and_changes_nothing(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)

    outcome = memlint("check", "--diff")

    assert outcome.code == 1
    assert outcome.lines[:2] == ["--- a.py", "+++ a.py"]
    assert "+    with open(path) as x:" in outcome.lines
    assert outcome.err == "memlint: would fix 1 finding in 1 file\n"
    assert (tmp_path / "a.py").read_text() == LEAK
    (tmp_path / "a.py").write_text(FIXED)
    assert (again := memlint("check", "--diff")).code == 0
    assert again.out == ""


def test_fix_only_reports_nothing(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    (tmp_path / "b.py").write_text(NONE)

    outcome = memlint("check", "--fix-only")

    assert (outcome.code, outcome.out) == (0, "")
    assert (tmp_path / "a.py").read_text() == FIXED


def test_standard_input_comes_back_fixed(memlint: Command) -> None:
    outcome = memlint("check", "-", "--fix", "--stdin-filename", "a.py", stdin=(LEAK + NONE).encode())

    assert outcome.code == 1
    assert outcome.out == FIXED + NONE
    assert "a.py:8:5: MEM107" in outcome.err
    assert memlint("check", "-", "--diff", stdin=LEAK.encode()).lines[0] == "--- standard input"
    assert memlint("check", "-", "--fix-only", stdin=b"x = 1\n").out == "x = 1\n"


def test_verbose_says_what_was_dropped_and_why_there_is_no_fix(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "def f(a, b):\n    try:\n        x = open(a)\n        y = open(b)\n        y.read(x.read())\n"
        "    finally:\n        x.close()\n        y.close()\n"
    )
    (tmp_path / "b.py").write_text("def f(g, p):\n    return g() or open(p).read()\n")

    outcome = memlint("check", "--fix", "--unsafe-fixes", "-v")

    assert "memlint: dropped 1 fix that did not hold when analysed again\n" in outcome.err
    assert "a.py:7: MEM304: dropped before-try: the finding would still be there" in outcome.err
    assert "b.py:2: MEM102: no fix, because the statement may not use it at all" in outcome.err


def test_unfixable_rules_are_left_alone(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)

    outcome = memlint("check", "--fix", "--unfixable", "MEM1")

    assert outcome.code == 1
    assert (tmp_path / "a.py").read_text() == LEAK


def test_a_configuration_file_may_ask_for_fixes_and_the_command_line_for_none(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.memlint]\nfix = true\nshow-fixes = true\n")
    (tmp_path / "a.py").write_text(LEAK)

    assert memlint("check", "--no-fix").code == 1
    assert (tmp_path / "a.py").read_text() == LEAK
    assert "fixed by with-block" in memlint("check").err
    assert (tmp_path / "a.py").read_text() == FIXED


def test_what_is_silenced_or_known_is_not_fixed(memlint: Command, tmp_path: Path) -> None:
    silenced = LEAK.replace("open(path)", "open(path)  # noqa: MEM101 closed elsewhere")
    (tmp_path / "silenced.py").write_text(silenced)
    (tmp_path / "known.py").write_text(LEAK)
    assert memlint("check", "--baseline", "known.json", "--update-baseline").code == 0
    (tmp_path / "fresh.py").write_text(LEAK)

    outcome = memlint("check", "--fix", "--baseline", "known.json")

    assert outcome.code == 0
    assert (tmp_path / "silenced.py").read_text() == silenced
    assert (tmp_path / "known.py").read_text() == LEAK
    assert (tmp_path / "fresh.py").read_text() == FIXED


def test_what_no_fix_mends_is_silenced_when_asked_for(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK + "\n\n" + NONE)

    outcome = memlint("check", "--fix", "--add-noqa", "it ends by itself")

    assert outcome.code == 0
    assert (tmp_path / "a.py").read_text().startswith(FIXED)
    assert "# noqa: MEM107 it ends by itself" in (tmp_path / "a.py").read_text()


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_only_what_changed_is_fixed_since_a_revision(memlint: Command, tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "a.py").write_text(LEAK)
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "All")
    (tmp_path / "a.py").write_text(LEAK + LEAK.replace("f(", "g("))

    outcome = memlint("check", "--fix", "--since", "HEAD")

    assert outcome.code == 0
    assert (tmp_path / "a.py").read_text() == LEAK + FIXED.replace("f(", "g(")


def test_notebooks_are_not_fixed_and_the_run_says_so(memlint: Command, tmp_path: Path) -> None:
    cell = {"cell_type": "code", "source": LEAK, "metadata": {}, "outputs": [], "execution_count": None}
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (tmp_path / "a.ipynb").write_text(text)

    outcome = memlint("check", "--fix")

    assert outcome.code == 1
    assert "memlint: notebooks are not fixed: 1 finding in them left as they are" in outcome.err
    assert (tmp_path / "a.ipynb").read_text() == text


def test_a_fixed_file_keeps_its_mode_and_a_link_to_it_stays_a_link(memlint: Command, tmp_path: Path) -> None:
    script, link = tmp_path / "script.py", tmp_path / "link.py"
    script.write_text(LEAK)
    script.chmod(0o751)
    link.symlink_to("script.py")

    assert memlint("check", "--fix", "link.py").code == 0

    assert link.is_symlink()
    assert script.read_text() == FIXED
    assert stat.S_IMODE(script.stat().st_mode) == 0o751
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".py") == ["link.py", "script.py"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_one_line_and_the_others_are_fixed(memlint: Command, tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(LEAK)
    (tmp_path / "a.py").chmod(0o444)

    outcome = memlint("check", "--fix")

    assert outcome.code == 2
    assert "memlint: a.py: cannot be fixed: Permission denied" in outcome.err
    assert (tmp_path / "b.py").read_text() == FIXED


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--unsafe-fixes"], "--unsafe-fixes says which fixes: add --fix, --fix-only or --diff"),
        (["--watch", "--fix"], "--watch only looks: leave --fix, --fix-only and --diff out"),
    ],
)
def test_bad_use_is_one_line(words: list[str], error: str, memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)

    outcome = memlint("check", *words)

    assert (outcome.code, outcome.err) == (2, f"memlint: {error}\n")


def test_without_libcst_the_command_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    program = (
        "import sys; sys.modules['libcst'] = None; from memlint.cli import main; sys.exit(main(['check', '--fix']))"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == "memlint: fixing needs libcst, which is not installed: pip install 'pytest-memguard[lint]'\n"
    assert (tmp_path / "a.py").read_text() == LEAK


def test_linting_does_not_import_libcst(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    program = (
        "import sys; from memlint.cli import main; main(['check', '--no-cache']); main(['rules']);"
        " sys.exit('libcst' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=False)

    assert done.returncode == 0


def test_rules_say_whether_they_have_a_fix(memlint: Command) -> None:
    table = {row["code"]: row["fix"] for row in json.loads(memlint("rules", "--output-format", "json").out)}

    assert (table["MEM101"], table["MEM201"], table["MEM000"]) == ("sometimes safe", "unsafe", "none")
    assert "so nothing can release it. (fix: sometimes safe)" in memlint("rules").out
