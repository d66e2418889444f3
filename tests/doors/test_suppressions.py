"""``# noqa``: only in comments, on any line of the statement, by code or prefix, or for the whole file."""

from __future__ import annotations

import pytest

from memlint.api import check_source
from memlint.settings import Settings
from memlint.source.suppressions import read_suppressions

from .fakes import FAKES

SILENT = [
    "f = open(1)  # noqa",
    "f = open(1)  # NoQA",
    "f = open(1)  #noqa",
    "f = open(1)  # noqa: MEM101",
    "f = open(1)  # noqa:MEM101",
    "f = open(1)  # noqa: SIM115, MEM101 closed by the caller",
    "f = open(1)  # noqa: SIM115 MEM101",
    "f = open(1)  # noqa: mem1",
    "f = open(1)  # type: ignore  # noqa: MEM101",
    "f = open(\n    1,  # noqa: MEM101\n)",
    "f = open(\n    1,\n)  # noqa: MEM101",
    "f = [\n    open(1),\n    '''a\nb''',\n]  # noqa",
    "# memlint: noqa\nf = open(1)",
    "f = open(1)\n# memlint: noqa",
    "# memlint: noqa: MEM101\nf = open(1)",
    "# flake8: noqa\nf = open(1)",
    "# flake8: noqa: MEM1\nf = open(1)",
    "f = open('# no')  # noqa",
    "\x0cf = open(1)  # noqa",
    "x = '\x0c'\nf = open(1)  # noqa",
    "if x:\r\n    f = open(1)  # noqa\r\n",
    "é = 'ü'; f = open(1)  # noqa",
    "with open(1) as f, \\\n    closing(g):  # noqa: MEM101\n    pass",
    "with open(\n    1\n) as f:  # noqa: MEM101\n    pass",
]
LOUD = [
    "f = open('# noqa')",
    "f = open('''\n# noqa\n''')",
    "'''\n# memlint: noqa\n'''\nf = open(1)",
    "f = open(1)  # noqa: SIM115",
    "f = open(1)  # noqa: MEM102",
    "# noqa\nf = open(1)",
    "f = open(1)\n# noqa",
    "# memlint: noqa: MEM2\nf = open(1)",
    "f = open(1)  # noqab",
    "f = open(1)  # see the noqa page",
    "with open(1) as f:\n    pass  # noqa: MEM101",
    "x = 1  # noqa\nf = open(1)\ny = 1  # noqa",
    "(  # noqa\n)\nf = open(1)",
    "s = '''\n'''; t = '# noqa'\nf = open(1)",
]


@pytest.mark.parametrize("program", SILENT)
def test_a_comment_silences(program: str) -> None:
    assert check_source(program, rules=FAKES) == ()


@pytest.mark.parametrize("program", LOUD)
def test_other_words_do_not_silence(program: str) -> None:
    assert [finding.code for finding in check_source(program, rules=FAKES)] == ["MEM101"]


def unused(program: str, *more: str) -> list[str]:
    settings = Settings(select=("MEM1", "MEM001", *more))
    found = check_source(program, rules=FAKES, settings=settings)
    return [f"{finding.span.line}:{finding.span.column} {finding.message}" for finding in found]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("x = 1  # noqa: MEM101", ["1:7 `MEM101` silences nothing here"]),
        ("x = 1  # type: ignore  # noqa: MEM1", ["1:23 `MEM1` silences nothing here"]),
        ("f = open(1)  # noqa: MEM101, MEM999", ["1:13 `MEM999` is the code of no rule"]),
        ("# memlint: noqa\nx = 1", ["1:0 the comment silences nothing here"]),
        ("# memlint: noqa: MEM101\nx = 1", ["1:0 `MEM101` silences nothing here"]),
        ("f = open(1)  # noqa: MEM101", []),
        ("f = open(1)  # noqa: MEM1", []),
        ("x = 1  # noqa", []),
        ("x = 1  # noqa: SIM115", []),
        ("# flake8: noqa\nx = 1", []),
        ("x = 1  # noqa: MEM401 is not judged in this run", []),
        ("s = '# noqa: MEM101'", []),
        ("f = open(1)  # noqa: MEM001", ["1:4 `f` acquired here is not released"]),
    ],
)
def test_a_comment_that_silences_nothing_is_found_when_asked(program: str, said: list[str]) -> None:
    assert unused(program) == said


def test_nobody_is_told_of_unused_comments_unasked() -> None:
    assert check_source("x = 1  # noqa: MEM101", rules=FAKES) == ()
    assert check_source("x = 1  # noqa: MEM101", rules=FAKES, settings=Settings(select=("ALL",))) != ()


def test_comments_before_the_point_where_a_file_breaks_off_are_read() -> None:
    found = read_suppressions(["x = 1  # noqa", "y = (", "z = '''"])

    assert [comment.span.line for comment in found.comments] == [1]
