"""Which lines could acquire, told from bytes."""

from __future__ import annotations

from memlint.source.calls import Calls
from memlint.source.prefilter import Prefilter

FILTER = Prefilter(
    [
        "builtins.open",
        "socket.socket",
        "requests.Session",
        "sqlite3.connect",
        "tarfile.TarFile.extractfile",
        "os.fdopen",
    ],
    {"accept": ["sock", "server"], "start": ["*"]},
    {"io.open": "builtins.open", "posix": "os"},
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


def test_a_method_name_counts_behind_a_receiver_that_is_believed() -> None:
    assert lines("c = server.accept()\nd = self._sock.accept()\ne = offer.accept()\naccept()\n") == [1, 2]
    assert lines("t.start()\nwhere().start()\n") == [1, 2]


def test_what_is_called_on_an_expression_may_be_anything() -> None:
    assert lines("c = find().accept()\nd = them[0].accept()\n") == [1, 2]


def test_a_modules_function_counts_behind_any_name_of_the_module() -> None:
    assert lines("import os\nf = os.fdopen(d)\ng = self.fdopen(d)\nh = them.fdopen(d)\nfdopen(d)\n") == [2, 5]
    assert lines("import os as system\nf = system.fdopen(d)\n") == [2]
    assert lines("import os\n_system = os\nf = _system.fdopen(d)\n") == [3]
    assert lines("import posix\nf = posix.fdopen(d)\n") == [2]


def test_a_method_of_a_class_counts_behind_anything_but_the_object_itself() -> None:
    assert lines(
        "import tarfile\nf = them.extractfile(n)\ng = self.extractfile(n)\nh = self.them.extractfile(n)\n"
    ) == [2, 4]
    assert lines("import tarfile\ndef read(self: tarfile.TarFile):\n    return self.extractfile(n)\n") == [3]


def test_what_a_relative_import_binds_may_be_of_a_library_that_is_known() -> None:
    assert lines("from . import them\nf = them.accept()\n") == [2]
    assert lines("from .them import accept\nf = accept()\n") == [2]


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
