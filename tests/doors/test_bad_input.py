"""Whatever a file or a path is, the real command answers with a line and the right exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Command


def test_a_syntax_error_is_one_finding_with_its_line_and_reason(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import os\n\ndef f(:\n    pass\n")

    outcome = memlint("check", "--output-format", "concise", "bad.py")

    assert outcome.code == 1
    assert outcome.out == "bad.py:3:7: MEM000 syntax error: invalid syntax\n"
    assert outcome.err == ""


def test_a_syntax_error_is_found_in_a_folder_where_the_file_names_no_resource(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = = 1\n")
    (tmp_path / "good.py").write_text("x = 1\n")

    outcome = memlint("check", ".")

    assert outcome.code == 1
    assert "bad.py:1:5: MEM000 syntax error" in outcome.out
    assert "1 finding in 1 of 2 files." in outcome.out


BAD = [
    (b"\x7fELF\x02\x01\x01\x00\x00\x00open(", "1:8: MEM000 the file holds a null byte"),
    (b"x = 1\ny = '\x00'\nopen(x)\n", "2:6: MEM000 the file holds a null byte"),
    (b"x = 1\ny = '\xe9'\nopen(x)\n", "2:6: MEM000 byte 0xe9 is not utf-8"),
    (b"\n\n\n\n# caf\xe9\n", "5:6: MEM000 byte 0xe9 is not utf-8"),
    (b"# coding: ascii\n# \xc3\xa9\n", "2:3: MEM000 byte 0xc3 is not ascii"),
    (b"#!/bin/x\n# -*- coding: martian -*-\n", "2:1: MEM000 the coding comment cannot be used: unknown encoding"),
    (b"# coding: hex\nopen(x)\n", "1:1: MEM000 the file cannot be decoded as hex"),
    ("open(x)\n".encode("utf-16"), "1:1: MEM000 the file is encoded in UTF-16"),
    ("open(x)\n".encode("utf-32"), "1:1: MEM000 the file is encoded in UTF-32"),
    (b"\xef\xbb\xbf# coding: latin-1\nopen(x)\n", "1:1: MEM000 the coding comment cannot be used"),
    (b"(" * 5000, "MEM000 syntax error: too many nested parentheses"),
    (b"x = open(" + b"-" * 200_000 + b"1)\n", "MEM000 the file is nested too deeply"),
    (b"x = open(a" + b".b" * 100_000 + b")\n", "MEM000 the file is nested too deeply"),
    (b"x = open(1" + b" + 1" * 100_000 + b")\n", "MEM000 the file is nested too deeply"),
    (b"if x:\n  open(x)\n\tpass\n", "3:"),
]
FINE = [
    b"\xef\xbb\xbfx = 1\n",
    b"x = 1\r\nif x:\r\n    y = '''a\r\nb'''\r\n",
    b"x = 1\ry = 2\r",
    b"x = 1\n\x0c\ndef f():\n\x0c    return 1\n",
    b"# coding: latin-1\nx = '\xe9'\n",
    b"",
    b"\n",
    b"x = 1",
    b"x = '\\d'\n",
    b"match x:\n    case [1, *_]:\n        pass\n",
    b"x = '" + b"a" * 1_000_000 + b"'\n",
    b"x = open" + b"\n",
]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What one run of the real command says about each odd file, by its name."""
    folder = tmp_path_factory.mktemp("odd")
    for number, (data, _) in enumerate(BAD):
        (folder / f"bad{number}.py").write_bytes(data)
    for number, data in enumerate(FINE):
        (folder / f"fine{number}.py").write_bytes(data)
    command = [sys.executable, "-m", "memlint.cli", "check", "--output-format", "concise", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    said: dict[str, list[str]] = {path.name: [] for path in folder.iterdir()}
    for line in done.stdout.splitlines():
        name, _, rest = line.partition(":")
        said[name].append(rest)
    return said


@pytest.mark.parametrize("number", range(len(BAD)), ids=[repr(data)[:30] for data, _ in BAD])
def test_bytes_that_are_no_program_are_one_finding_that_says_why(number: int, checked: dict[str, list[str]]) -> None:
    (line,) = checked[f"bad{number}.py"]

    assert BAD[number][1] in line
    assert "MEM000" in line


@pytest.mark.parametrize("number", range(len(FINE)), ids=[repr(data)[:30] for data in FINE])
def test_unusual_but_right_programs_are_clean(number: int, checked: dict[str, list[str]]) -> None:
    assert checked[f"fine{number}.py"] == []


def test_a_megabyte_line_is_cut_around_its_mark(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text(
        "def f(): x = '" + "x" * 1_000_000 + "'; g = open(x); print(x, '" + "x" * 1000 + "')\n"
    )

    outcome = memlint("check", "long.py")

    assert outcome.code == 1
    assert "long.py:1:1000022: MEM101" in outcome.out
    assert "...xxx" in outcome.out
    assert max(map(len, outcome.lines)) < 160


def test_a_missing_path_is_one_line_and_the_rest_is_checked(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = = 1\n")

    outcome = memlint("check", "gone.py", "bad.py", "--output-format", "concise")

    assert outcome.code == 2
    assert outcome.err == "memlint: gone.py: no such file or folder\n"
    assert outcome.out.startswith("bad.py:1:5: MEM000")


def test_an_empty_folder_is_clean_and_said_to_be_empty(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    outcome = memlint("check", "empty")

    assert (outcome.code, outcome.out, outcome.err) == (0, "", "memlint: no Python files in empty\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_and_never_waited_for(memlint: Command, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")

    named, found = memlint("check", "pipe.py"), memlint("check", ".")

    assert named.code == 2
    assert named.err == "memlint: pipe.py: is a named pipe, not a file; pipe the program through `-` instead\n"
    assert found.code == 0


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_is_refused(memlint: Command) -> None:
    outcome = memlint("check", "/dev/zero")

    assert outcome.code == 2
    assert outcome.err.startswith("memlint: /dev/zero: is a device, not a file")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here opens but cannot be read")
def test_a_file_that_cannot_be_read_is_one_line(memlint: Command) -> None:
    outcome = memlint("check", "/proc/self/mem")

    assert outcome.code == 2
    assert outcome.err == "memlint: /proc/self/mem: cannot be read: Input/output error\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_one_line(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "secret.py").touch(mode=0)

    outcome = memlint("check", ".")

    assert outcome.code == 2
    assert outcome.err == "memlint: secret.py: cannot be read: Permission denied\n"


def test_a_folder_named_like_a_file_is_searched(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "x.py").mkdir()
    (tmp_path / "x.py" / "inner.py").write_text("x = = 1\n")

    outcome = memlint("check", "x.py", "--output-format", "concise")

    assert outcome.out.startswith("x.py/inner.py:1:5: MEM000")


@pytest.mark.skipif(sys.platform != "linux", reason="only here may a file name be any bytes")
@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_a_file_name_that_is_no_text_is_shown_by_its_bytes(form: str, memlint: Command, tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text("x = = 1\n")

    outcome = memlint("check", ".", "--output-format", form)

    assert outcome.code == 1
    assert "caf\\xe9.py" in outcome.out.replace("\\\\", "\\")


def test_a_link_without_a_target_is_passed_by_in_a_folder(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / ".#lock.py").symlink_to("nobody@nowhere")
    (tmp_path / "a.py").write_text("x = 1\n")

    outcome = memlint("check", ".")

    assert (outcome.code, outcome.out, outcome.err) == (0, "No findings in 1 file.\n", "")


def test_a_loop_of_links_ends(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.py").symlink_to("self.py")
    (tmp_path / "a.py").write_text("x = 1\n")

    assert memlint("check", ".").out == "No findings in 1 file.\n"


def test_a_null_byte_in_a_path_is_refused(faked: Command) -> None:
    outcome = faked("check", "a\0b.py")

    assert outcome.code == 2
    assert outcome.err == "memlint: a\\x00b.py: is no path: it holds a null byte\n"
