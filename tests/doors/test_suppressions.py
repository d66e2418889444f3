"""``# noqa``: only in comments, on any line of the statement, by code or prefix, or for the whole file."""

from __future__ import annotations

import pytest

from memlint.api import check_source
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
    "s = '''\n'''; t = '# noqa'\nf = open(1)",
]


@pytest.mark.parametrize("program", SILENT)
def test_a_comment_silences(program: str) -> None:
    assert check_source(program, rules=FAKES) == ()


@pytest.mark.parametrize("program", LOUD)
def test_other_words_do_not_silence(program: str) -> None:
    assert [finding.code for finding in check_source(program, rules=FAKES)] == ["MEM101"]


def test_comments_before_the_point_where_a_file_breaks_off_are_read() -> None:
    found = read_suppressions(["x = 1  # noqa", "y = (", "z = '''"])

    assert list(found.by_line) == [1]
