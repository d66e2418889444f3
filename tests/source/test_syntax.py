"""A file without resources is refused exactly where the parser refuses it."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlint.source.decode import Unreadable, check_syntax, parse

STDLIB = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[::7]
PIECES = (
    "def f(",
    "):",
    "\n",
    "    ",
    "pass",
    "x",
    " = ",
    "(",
    ")",
    "'",
    '"""',
    "\\",
    "\ufeff",
    "\f",
    "\t",
    "#",
    "é",
    "return ",
)


def refused(read: object, text: str) -> tuple[str, int, int] | None:
    """Why and where a text is refused."""
    assert callable(read)
    try:
        read(text, "a.py")
    except Unreadable as error:
        return error.reason, error.line, error.column
    return None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        "def f(:\n",
        "  x = 1\n",
        "x = \\",
        "x = '''\n",
        "\ufeffx = 1\n",
        "from __future__ import braces\n",
        "from __future__ import nothing_of_this_name\n",
        "from __future__ import nothing_of_this_name\nx = (\n",
        "def f():\n    x = 1\n    global x\n",
        "return 1\n",
        "await x\n",
        "def f(a, a): pass\n",
        "(" * 300 + ")" * 300,
        "x = '\ud800'\n",
    ],
)
def test_what_the_parser_refuses_and_nothing_else(text: str) -> None:
    assert refused(check_syntax, text) == refused(parse, text)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_made_up_texts_are_refused_alike(text: str) -> None:
    assert refused(check_syntax, text) == refused(parse, text)


@pytest.mark.parametrize("path", STDLIB, ids=lambda path: path.name)
def test_real_files_are_refused_alike_whole_and_cut_off(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert refused(check_syntax, text) is None
    cut = text[: len(text) * 2 // 3]
    assert refused(check_syntax, cut) == refused(parse, cut)
