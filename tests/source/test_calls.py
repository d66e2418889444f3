"""What a file calls and imports, told from its bytes: the same that its tree tells."""

from __future__ import annotations

import ast
import re
import sysconfig
from pathlib import Path

import pytest

from memlint.source.calls import Calls

STDLIB = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[::7]


def test_a_word_in_a_longer_one_is_no_word() -> None:
    assert Calls(b"reopen(p); open_(p)\n").lines([b"open"]) == []


def test_a_comment_or_a_string_calls_nothing() -> None:
    assert Calls(b"# open(p)\n    # open(p)\nx = 1  # see open(p)\n").lines([b"open"]) == []
    assert Calls(b"def f():\n    '''Like open(p).'''\n    raise E('open(p)', f'{open(p)}')\n").lines([b"open"]) == [3]


def test_a_definition_is_no_call_and_a_block_may_be_none() -> None:
    data = b"def open(p): ...\nwith open(p) as f:\n    pass\nwith io.open(p), open(q): pass\n"
    assert Calls(data).lines([b"open"], frozenset({b"open"})) == [4]
    assert Calls(data).lines([b"open"]) == [2, 4]


def test_attributes_that_are_read_have_their_lines() -> None:
    assert Calls(b"a.fd\nfd\nb.fd = 1\n.fdx\n").read_lines([b"fd"]) == [1, 3]


def test_what_is_called_through_a_dotted_name() -> None:
    assert Calls(b"os.path.join (a)\nos.path.sep\nos.open(b)\n").members(b"os.path") == {b".join"}
    assert Calls(b"import os\nos.path.join(a); chaos.open()\n").members(b"os") == {b".path.join"}


def test_lines_are_counted_alike_in_large_files() -> None:
    data = b"x = 1\n" * 30_000 + b"open(p)\n" + b"\n" * 50 + b"open(q)\n"
    assert Calls(data).lines([b"open"]) == [30_001, 30_052]


@pytest.mark.parametrize(
    "text",
    [
        "import a",
        "import a.b, c as d",
        "from a import b",
        "from .a.b import c as d, e",
        "from .. import (\n    a,  # the first\n    b as c,\n)",
        "from a \\\n    import b, \\\n    c",
        "x = 1; import a",
        "try: from a import b\nexcept ImportError: import c as b",
        "def f():\n\timport a.b as c\n",
        "from a import *",
    ],
)
def test_imports_are_those_of_the_tree(text: str) -> None:
    assert bound(text.encode()) >= from_tree(text)


@pytest.mark.parametrize("path", STDLIB, ids=lambda path: path.stem)
def test_no_import_of_real_code_is_overlooked(path: Path) -> None:
    data = path.read_bytes()
    assert bound(data) >= from_tree(data.decode("utf-8", "replace"))


@pytest.mark.parametrize("path", STDLIB, ids=lambda path: path.stem)
def test_no_word_that_is_called_is_overlooked(path: Path) -> None:
    data = path.read_bytes()
    assert Calls(data).called >= set(re.findall(rb"(\w+)\s*\(", data))


def test_a_word_may_stand_far_before_its_parenthesis() -> None:
    assert {b"open", b"f"} <= Calls(b"open \\\n\t (p)\nf(").called
    assert Calls(b"open").called == set()


def bound(data: bytes) -> set[tuple[str, str]]:
    found = set()
    for each in Calls(data).imports:
        base = (each.dots + each.module).decode()
        found |= {(base, f"{name.decode()} as {other.decode()}") for name, other in each.names}
        if not each.names:
            found.add((base, each.bound.decode()))
    return found


def from_tree(text: str) -> set[tuple[str, str]]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {(a.name, a.asname or a.name) for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {(base, f"{a.name} as {a.asname or a.name}") for a in node.names if a.name != "*"}
            found |= {(base, "") for a in node.names if a.name == "*"}
    return found
