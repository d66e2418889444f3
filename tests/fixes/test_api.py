"""Fixing from Python."""

from __future__ import annotations

import pytest

from memlint.api import CheckError, fix_source
from memlint.settings import Settings

LEAK = "def f(path):\n    return open(path).read()\n"
QUEUE = "import queue\ndef f(s):\n    q = queue.Queue()\n    while True:\n        q.put(s.read(1))\n"


def test_a_program_comes_back_fixed() -> None:
    assert fix_source(LEAK) == "def f(path):\n    with open(path) as stream:\n        return stream.read()\n"


def test_unsafe_fixes_are_for_those_who_ask() -> None:
    settings = Settings(select=("MEM201",))

    assert fix_source(QUEUE, settings=settings) == QUEUE
    assert "queue.Queue(maxsize=1000)" in fix_source(QUEUE, settings=settings, unsafe=True)


def test_what_is_no_python_is_refused_with_its_line() -> None:
    with pytest.raises(CheckError, match=r"^app.py:2: syntax error"):
        fix_source("x = 1\nx = = 1\n", "app.py")
