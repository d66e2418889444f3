"""Bytes to text to tree: what stands in the way becomes one finding that says where and why."""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings

from memlint.findings import Finding, Severity, Span
from memlint.source.codes import UNPARSABLE
from memlint.source.text import Source

_LINE_END = re.compile(r"\r\n|\r|\n")
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class Unreadable(Exception):
    """Why a file cannot be analysed, and where in it (line from 1, column from 0)."""

    def __init__(self, reason: str, line: int = 1, column: int = 0, lines: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column
        self.lines = lines
        """The file's physical lines, as far as they could be read."""

    def finding(self, path: str) -> Finding:
        """The finding that tells the user."""
        span = Span(self.line, self.column, self.line, self.column + 1)
        return Finding(UNPARSABLE, path, span, self.reason, Severity.ERROR, statement=span)


def split_lines(text: str) -> tuple[str, ...]:
    """Physical lines without their ends, as Python's tokenizer divides them.

    ``str.splitlines`` also divides at form feeds and at other characters that end no line of Python.
    """
    lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def decode(data: bytes) -> str:
    """The text of a Python file, by its byte order mark or coding comment, else UTF-8.

    Raises:
        Unreadable: the bytes are not Python source text.
    """
    for mark, name in _OTHER_ENCODINGS:
        if data.startswith(mark):
            raise Unreadable(f"the file is encoded in {name}, which Python does not read; save it as UTF-8")
    if (at := data.find(b"\0")) >= 0:
        raise Unreadable("the file holds a null byte, so it is not Python source", *_position(data, at))
    encoding = encoding_of(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"byte 0x{data[error.start]:02x} is not {encoding.removesuffix('-sig')}; save the file as UTF-8 or"
            " name its encoding in a comment on its first line",
            *_position(data, error.start),
        ) from error
    except (LookupError, UnicodeError, ValueError) as error:
        raise Unreadable(f"the file cannot be decoded as {encoding}: {error}") from error


def encoding_of(data: bytes) -> str:
    """The codec by which Python reads ``data``.

    Raises:
        Unreadable: the coding comment names none.
    """
    second_end = data.find(b"\n", data.find(b"\n") + 1)
    first_lines = data[:second_end] if second_end >= 0 else data
    if b"coding" not in first_lines and not data.startswith(codecs.BOM_UTF8):
        return "utf-8"  # there is no such comment, and the tokenizer takes long to say so
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        head = data.split(b"\n", 2)[:2]
        for number, line in enumerate(head, start=1):
            if b"coding" in line:
                raise Unreadable(f"the coding comment cannot be used: {error.msg}", number) from error
        return "utf-8"  # there is no such comment: decoding will name the byte that is in the way


def _position(data: bytes, at: int) -> tuple[int, int]:
    before = split_lines(data[:at].decode("latin-1") + "x")
    return len(before), len(before[-1]) - 1


def parse(text: str, path: str, *, top_level_await: bool = False) -> Source:
    """The tree of a Python file beside its text; a notebook's may await outside any function.

    Raises:
        Unreadable: the text is not Python, or is nested more deeply than Python's parser allows.
    """
    lines = split_lines(text)
    flags = ast.PyCF_ONLY_AST | (ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if top_level_await else 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes and the like are for other linters to tell
            # given the path, Python would read the file again for its error's column
            tree = compile(text, "<unknown>", "exec", flags)
    except SyntaxError as error:
        raise _unreadable(error, lines) from error
    except ValueError as error:
        raise Unreadable(f"the file cannot be parsed: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise too_deep() from error
    return Source(path, text, tree, lines)


_UNKNOWN = "nothing_of_this_name"
_REFUSED = f"future feature {_UNKNOWN} is not defined"


def check_syntax(text: str, path: str) -> None:
    """Refuse what ``parse`` would refuse, at half its price: no tree is built in Python.

    Used for files that hold no name of any resource, which are otherwise done unparsed.  The compiler is given the
    text behind an import that it refuses as soon as the parser has read everything, before any other work is done.

    Raises:
        Unreadable: as ``parse`` does.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in parse
            compile(f"from __future__ import {_UNKNOWN}\n{text}", "<unknown>", "exec", dont_inherit=True)
    except SyntaxError as error:
        if error.msg == _REFUSED:
            return
    except (ValueError, RecursionError, MemoryError):
        pass
    parse(text, path)  # whatever else happens: the parser alone decides


def too_deep() -> Unreadable:
    """The reason for a file whose nesting exhausts the stack, in the parser or after it."""
    return Unreadable("the file is nested too deeply to be analysed (RecursionError)")


def _unreadable(error: SyntaxError, lines: tuple[str, ...]) -> Unreadable:
    line = min(max(error.lineno or 1, 1), max(len(lines), 1))
    column = max((error.offset or 1) - 1, 0)
    if line <= len(lines):
        column = min(column, len(lines[line - 1]))
    message = (error.msg or "invalid syntax").replace("\n", " ")
    if message.startswith("s_push: ") or "too many nested" in message:
        message += " (nested too deeply)"
    return Unreadable(f"syntax error: {message}", line, column, lines)
