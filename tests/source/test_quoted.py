"""What counts as a comment or a string is one for Python's own tokenizer too."""

from __future__ import annotations

import io
import re
import sysconfig
import tokenize
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlint.source.quoted import Quoted

STDLIB = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[::7]
QUOTES = ("'", '"', "'''", '"""')
PREFIXES = ("", "", "r", "b", "Rb", "u", "f", "F", "rf", "fR")
INSIDE = (
    "a", "é", " ", "'", '"', "'''", '"""', "\\", "\\\\", "\\'", '\\"', "\\\n", "\\\r\n", "\n", "#", "{", "}", "{{",
    "}}", "{x}", "{x!r:>{y}}", "{x:#x}", "{'a'}", '{"a"}', "{x:", "\\N{DASH}", "f'", 'f"', ":", "open()",
)  # fmt: skip
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@st.composite
def strings(draw: st.DrawFn) -> str:
    quote = draw(st.sampled_from(QUOTES))
    return draw(st.sampled_from(PREFIXES)) + quote + "".join(draw(st.lists(st.sampled_from(INSIDE)))) + quote


BETWEEN = st.sampled_from(["# it's\n", "x", "\n", "\r\n", "\r", ";", " + ", "(", ")", "#", "\\\n", "1if x else"])
PROGRAMS = st.lists(st.one_of(strings(), BETWEEN), max_size=8).map("".join)


def covered(data: bytes) -> set[int]:
    """The bytes that surely belong to a comment or a string, whatever is asked first."""
    forwards, backwards = Quoted(data), Quoted(data)
    found = {at for at in range(len(data)) if forwards.covers(at)}
    assert found == {at for at in reversed(range(len(data))) if backwards.covers(at)}
    return found


def tokenized(data: bytes) -> tuple[set[int], bool]:
    """The bytes of comments and of strings behind their prefixes, but for f-strings, and whether there are such."""
    text = re.sub(rb"[^\0-\x7f]", b"x", data).decode()  # some tokenizers miscount other letters in long strings
    starts = [0]
    for line in LINE.findall(text):
        starts.append(starts[-1] + len(line))
    found, open_ones, formatted = set[int](), 0, False
    for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
        kind = tokenize.tok_name[token.type]
        first, last = (starts[row - 1] + column for row, column in (token.start, token.end))
        prefix = re.match(r"\w*", token.string)
        open_ones += (kind == "FSTRING_START") - (kind == "FSTRING_END")
        if kind == "FSTRING_START" or (kind == "STRING" and prefix and "f" in prefix.group().lower()):
            formatted = True
        elif kind in ("STRING", "COMMENT") and not open_ones:
            found.update(range(first + (len(prefix.group()) if prefix else 0), last))
    return found, formatted


def compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<text>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


@given(PROGRAMS)
def test_what_is_covered_is_what_the_tokenizer_tells(text: str) -> None:
    if compiles(text):
        expected, formatted = tokenized(text.encode())
        found = covered(text.encode())
        assert found <= expected
        assert found == expected or formatted


@pytest.mark.parametrize("path", STDLIB, ids=lambda path: path.stem)
def test_the_comments_and_strings_of_real_code_are_covered(path: Path) -> None:
    data = path.read_bytes()
    assert covered(data) == tokenized(data)[0]


@pytest.mark.parametrize(
    "text",
    [
        "f'{x}' 'open()'",
        "f'{x:#x} {{ {y[\"a\"]!r:>{z}}' 'open()'",
        'f"""{x["a"]}\n"""; "open()"',
        "rf'\\{x}\\''; 'open()'",
        "f'\\N{EM DASH}{{' # open()",
    ],
)
def test_an_f_string_is_code_and_what_comes_behind_it_is_told(text: str) -> None:
    found = covered(text.encode())
    assert text.index("open") in found
    assert text.index("{") not in found


@pytest.mark.parametrize("text", ["f'{', '.join(x)}' 'open()'", "x = 'never closed\n# open()", "f'{x!r' # open()"])
def test_behind_what_is_not_sure_everything_is_code(text: str) -> None:
    assert text.index("open") not in covered(text.encode())


def test_what_an_encoding_hides_from_bytes_is_code() -> None:
    data = "# coding: shift_jis\nx = '表'; y = open(p)  # '".encode("shift_jis")
    assert covered(data) == set()
    assert covered("# -*- coding: latin-1 -*-\nx = 'é'".encode("latin-1"))
