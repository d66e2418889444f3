"""Files are parsed once, as long as their trees are kept."""

from __future__ import annotations

import pytest

from memlint.source.decode import Unreadable
from memlint.source.trees import Trees


def test_a_text_is_parsed_once_whatever_its_file_is_called() -> None:
    trees = Trees()
    first, second = trees.parse("x = 1\n", "a.py"), trees.parse("x = 1\n", "/abs/a.py")
    assert first.tree is second.tree
    assert (first.path, second.path) == ("a.py", "/abs/a.py")


def test_what_was_asked_for_longest_ago_is_let_go() -> None:
    trees = Trees(most=12)
    first = trees.parse("x = 1\n", "a.py")
    trees.parse("y = 1\n", "b.py")
    assert trees.parse("x = 1\n", "a.py") is first
    trees.parse("z = 1\n", "c.py")
    assert trees.parse("x = 1\n", "a.py") is first
    trees.parse("y = 1\n", "b.py")
    trees.parse("z = 1\n", "c.py")
    assert trees.parse("x = 1\n", "a.py") is not first


def test_a_file_that_is_larger_than_what_is_kept_is_kept_alone() -> None:
    trees = Trees(most=3)
    assert trees.parse("x = 1\n", "a.py") is trees.parse("x = 1\n", "a.py")


def test_what_cannot_be_parsed_is_said_each_time() -> None:
    trees = Trees()
    for _ in range(2):
        with pytest.raises(Unreadable, match="syntax error"):
            trees.parse("x = (\n", "a.py")
