"""Which lines could acquire, told from bytes."""

from __future__ import annotations

from memlint.source.calls import Calls
from memlint.source.prefilter import Prefilter

FILTER = Prefilter(
    ["builtins.open", "socket.socket", "requests.Session", "sqlite3.connect"],
    ["accept"],
    {"io.open": "builtins.open"},
    blocks=["builtins.open", "socket.socket", "requests.Session"],
)


def lines(text: str) -> list[int]:
    return FILTER.lines(text.encode())


def test_a_builtin_needs_no_import() -> None:
    assert lines("x = 1\nf = open(p)\n") == [2]


def test_a_librarys_name_counts_only_where_the_library_is_imported() -> None:
    assert lines("s = Session()\n") == []
    assert lines("import requests\ns = requests.Session()\n") == [2]
    assert lines("from requests import Session\ns = Session()\n") == [2]
    assert lines("import os, requests as r\ns = r.Session()\n") == [2]


def test_a_name_given_another_name_is_looked_for_under_both() -> None:
    assert lines("from requests import Session as S\ns = S()\nt = Session()\n") == [2, 3]


def test_a_method_name_counts_anywhere() -> None:
    assert lines("c = server.accept()\n") == [1]


def test_a_definition_is_no_call() -> None:
    assert lines("def open(p): ...\nclass accept(B): ...\n") == []


def test_what_a_block_enters_at_once_needs_no_look() -> None:
    assert lines("with open(p) as f:\n    pass\n") == []
    assert lines("import io\nwith io.open(p) as f: pass\n") == []


def test_what_a_block_only_wraps_is_looked_at() -> None:
    assert lines("with parse(open(p)) as f: pass\n") == [1]
    assert lines("import sqlite3\nwith sqlite3.connect(p) as db: pass\n") == [2]


def test_a_call_over_several_lines_is_found_at_its_name() -> None:
    assert lines("f = (\n    open\n    (p)\n)\n") == [2]


def test_part_of_a_longer_word_is_no_hit() -> None:
    assert lines("reopen(p); opened(p); open_it(p)\n") == []


def test_words_are_found_on_each_line_once() -> None:
    assert Calls(b"a(b())\nb()\n").lines({b"a", b"b"}) == [1, 2]
