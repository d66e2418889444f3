"""Code frames: lines of a file with a mark under the part that is spoken of."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from memlint.findings import Severity, Span
from memlint.reports.style import Style
from memlint.values import dataclass

WIDTH = 110
"""Columns of source shown at most; a longer line is cut around its mark."""
_LEAD = 40
_TAB = "    "


@dataclass(frozen=True, slots=True)
class Mark:
    """A place and what to say under it."""

    span: Span
    label: str


def frame(lines: Sequence[str], marks: Sequence[Mark], severity: Severity, style: Style) -> Iterator[str]:
    """The lines that ``marks`` name, in the order of the marks, each with its marks below it."""
    marks = [mark for mark in marks if 1 <= mark.span.line <= len(lines)]
    if not marks:
        return
    gutter = len(str(max(mark.span.line for mark in marks)))
    blank = style.faint(f"{'':{gutter}} |")
    shown_line = 0
    yield blank
    for mark in marks:
        line = mark.span.line
        text, start, size = _cut(lines[line - 1], mark.span)
        if line != shown_line:
            if shown_line and line != shown_line + 1:
                yield style.faint("." * max(gutter, 3))
            yield f"{style.faint(f'{line:>{gutter}} |')} {text}".rstrip()
        below = f"{' ' * start}{style.graded(severity, '^' * size)} {mark.label}".rstrip()
        yield f"{blank} {below}"
        shown_line = line


def _cut(line: str, span: Span) -> tuple[str, int, int]:
    """The shown text of a line, and the column and the width of the mark in it."""
    first = min(span.column, len(line))
    after = span.end_column if span.end_line == span.line else len(line)
    after = min(max(after, first + 1), max(len(line), first + 1))
    left, right = 0, len(line)
    if len(line) > WIDTH:
        left = max(0, min(first - _LEAD, len(line) - WIDTH))
        right = left + WIDTH
        after = min(after, right)
    head = "..." if left else ""
    tail = "..." if right < len(line) else ""
    before = head + _visible(line[left:first])
    marked = _visible(line[first:after])
    text = before + marked + _visible(line[after:right]) + tail
    return text, _columns(before), max(_columns(marked), 1)


def _visible(text: str) -> str:
    """Text that cannot move the cursor: tabs become spaces, other control characters a dot."""
    if text.isprintable():
        return text
    return "".join(_TAB if char == "\t" else char if char.isprintable() else "." for char in text)


def _columns(text: str) -> int:
    """How many terminal columns ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
