"""Many files: the outcome depends neither on processes nor on order, and no file ends the run."""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.api import CheckError, check_paths, check_source
from memlint.catalogue import load
from memlint.engine import Checker, run
from memlint.findings import Span
from memlint.reports import FORMATS, Style
from memlint.settings import Settings
from memlint.source.text import Source

from .conftest import Command
from .fakes import FAKES, Broken

WITH_BROKEN = (*FAKES, Broken())


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    for number in range(40):
        text = "import socket\n" + f"f = open({number})\n" * (number % 3) + "x = = 1\n" * (number % 10 == 9)
        (tmp_path / f"m{number:02}.py").write_text(text)
    (tmp_path / "m07.py").write_text("open(1)  # explode\n")
    return [f"m{number:02}.py" for number in range(40)]


@pytest.mark.parametrize("form", FORMATS)
def test_the_report_is_the_same_for_any_number_of_processes_and_any_order(form: str, many: list[str]) -> None:
    checker = Checker(Settings(), WITH_BROKEN)

    printed = {
        "\n".join(FORMATS[form](run(checker, files, jobs=jobs), Style()))
        for jobs in (1, 2, 5)
        for files in (many, many[::-1])
    }

    assert len(printed) == 1


def test_a_checker_can_be_sent_to_a_fresh_process() -> None:
    checker = Checker(Settings(), FAKES)

    assert pickle.loads(pickle.dumps(checker)).check_bytes(b"f = open(1)", "a.py") == checker.check_bytes(
        b"f = open(1)", "a.py"
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_internal_error_is_told_with_its_file_and_the_rest_goes_on(
    jobs: str, faked: Command, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("f = open(1)  # explode\n")
    (tmp_path / "b.py").write_text("f = open(2)\n")

    outcome = faked("check", "--jobs", jobs, "--output-format", "concise", "a.py", "b.py", rules=WITH_BROKEN)

    assert outcome.code == 2
    assert outcome.out == "b.py:1:5: MEM101 `f` acquired here is not released\n"
    assert outcome.err == ("memlint: a.py: internal error: ZeroDivisionError: division by zero (--debug shows where)\n")


def test_debug_shows_where(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f = open(1)  # explode\n")

    outcome = faked("check", "--debug", "a.py", rules=WITH_BROKEN)

    assert "Traceback" in outcome.err
    assert "in check\n" in outcome.err


def test_a_process_that_dies_is_told_with_the_file_it_died_of(many: list[str], tmp_path: Path) -> None:
    (tmp_path / "m21.py").write_text("open(1)  # kill\n")

    report = run(Checker(Settings(), WITH_BROKEN), many, jobs=2)

    told = [(failure.path, failure.reason.partition(":")[2].strip()) for failure in report.failures]
    assert told == [("m07.py", "ZeroDivisionError: division by zero"), ("m21.py", "the process that checked it died")]
    assert report.files == 40
    assert len(report.findings) == len(check_paths(set(many) - {"m07.py", "m21.py"}, rules=FAKES).findings)


PARENT = """
import os, sys, time
from memlint.engine import Checker, FileResult, run
from memlint.settings import Settings

class Slow(Checker):
    def check_file(self, path):
        os.write(1, f"{os.getpid()}\\n".encode())  # in one piece: the other process writes to the same pipe
        time.sleep(600)
        return FileResult(path)

run(Slow(Settings()), ["a.py", "b.py"], jobs=2)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system cannot wait for a process of another")
def test_no_process_outlives_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        try:
            children = [os.pidfd_open(int(parent.stdout.readline())) for _ in range(2)]
        finally:
            parent.kill()

    for child in children:
        with open(child, closefd=True) as ended:
            assert select.select([ended], [], [], 60)[0]


def test_running_out_of_stack_is_the_files_fault_only_when_it_is_nested_deeply() -> None:
    deep = "x = open(" + "[" * 70 + "]" * 70 + ")  # exhaust\n"

    (finding,) = check_source(deep, rules=[Broken()])
    with pytest.raises(CheckError, match="RecursionError"):
        check_source("open(1)  # exhaust", rules=[Broken()])

    assert (finding.code, finding.message) == (
        "MEM000",
        "the file is nested too deeply to be analysed (RecursionError)",
    )


def test_a_file_that_names_no_resource_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str, path: str) -> Source:
        raise AssertionError(f"{path} was parsed: {text}")

    monkeypatch.setattr("memlint.source.trees.parse", refuse)

    with pytest.raises(CheckError, match="was parsed"):
        check_source("x = open(1)\n", rules=FAKES)

    assert check_source("x = 1\n", rules=FAKES) == ()


def test_per_file_ignores_speak_of_rules_and_of_unparsable_files(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.memlint.per-file-ignores]\n'tests/**' = ['MEM1', 'MEM000']\n'gen_*' = ['ALL']\n"
    )
    (tmp_path / "tests").mkdir()
    for name in ("tests/a.py", "gen_b.py", "c.py"):
        (tmp_path / name).write_text("f = open(1)\n")
    for name in ("tests/bad.py", "gen_bad.py", "cbad.py"):
        (tmp_path / name).write_text("x = = 1\n")

    outcome = faked("check", "--output-format", "concise")

    assert [line.partition(":")[0] for line in outcome.lines] == ["c.py", "cbad.py"]


def test_columns_are_characters_and_lines_are_pythons() -> None:
    (finding,) = check_source("x = '\x0c\u2028'\r\né = 'ü'; f = open(1)\n", rules=FAKES)

    assert finding.span == Span(2, 13, 2, 20)


def test_findings_from_the_api_come_in_order() -> None:
    found = check_source("g = (open(3), open(2))\nf = open(1)\n", rules=FAKES)

    assert [(finding.span.line, finding.span.column) for finding in found] == [(1, 5), (1, 14), (2, 4)]


def test_a_catalogue_is_not_loaded_for_each_file(monkeypatch: pytest.MonkeyPatch, many: list[str]) -> None:
    loads = []
    monkeypatch.setattr("memlint.engine.checker.load", lambda extra: loads.append(extra) or load(extra))

    own = {"aliases": {"mine.open": "builtins.open"}}
    check_paths(many, settings=Settings(jobs=1, catalogue=own), rules=FAKES)

    assert len(loads) == 1


PIECES = st.sampled_from(
    [
        b"f = open(p)",
        b"with open(p) as f:",
        b"    f.close()",
        b"try:",
        b"finally:",
        b"    return f",
        b"def g(p):",
        b"async def h(p):",
        b"    await f",
        b"    yield open(p)",
        b"while x:",
        b"    break",
        b"class A:",
        b"    def __init__(self): self.f = open(1)",
        b"'''",
        b"(",
        b")",
        b"\\",
        b"\t",
        b"\x0c",
        b"\xff",
        b"\x00",
        b"# noqa",
        b"match f:",
        b"    case open():",
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES | st.binary(max_size=6), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans())
def test_no_bytes_are_an_internal_error(pieces: list[bytes], end: bytes, strict: bool) -> None:
    checker = Checker(Settings(select=("ALL",), preview=True, strict=strict))

    for path in ("a.py", "a.ipynb"):
        assert checker.check_bytes(end.join(pieces), path).failure is None
