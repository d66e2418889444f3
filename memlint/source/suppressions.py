"""``# noqa`` comments: which statements, and which whole files, ask for silence.

The comments are read with Python's tokenizer, so the same words inside a string mean nothing.  The grammar is
flake8's, with any blanks around the words, so that one comment does for both doors.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memlint.findings import Finding, Span

_CODES = r"(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+\b)*)"
_LINE = re.compile(rf"#\s*noqa\b(?::\s?{_CODES})?", re.IGNORECASE)
_FILE = re.compile(rf"#\s*(?P<tool>memlint|flake8)\s*[:=]\s*noqa\b(?::\s?{_CODES})?", re.IGNORECASE)
_BLANK = {
    tokenize.NL,
    tokenize.COMMENT,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.NEWLINE,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
}


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment that asks for silence."""

    span: Span
    codes: tuple[str, ...]
    """Codes or prefixes in capitals; empty means every code."""
    lines: range | None
    """The lines of the statement that it stands in; None when it speaks for the whole file."""
    ours: bool = False
    """True when nobody but memlint reads it, even without codes."""

    def covers(self, code: str) -> bool:
        """Whether the comment speaks of ``code``."""
        return not self.codes or code.startswith(self.codes)

    def silences(self, finding: Finding) -> bool:
        """Whether the comment speaks of ``finding``'s code and stands on a line of its statement."""
        if not self.covers(finding.code):
            return False
        if self.lines is None:
            return True
        place = finding.statement or finding.span
        first, last = min(place.line, finding.span.line), max(place.end_line, finding.span.end_line)
        return self.lines.start <= last and first < self.lines.stop


@dataclass(frozen=True, slots=True)
class Suppressions:
    """All such comments of one file."""

    comments: tuple[Suppression, ...] = ()

    def silencing(self, finding: Finding) -> Suppression | None:
        """The first comment that silences ``finding``."""
        return next((comment for comment in self.comments if comment.silences(finding)), None)

    def unused(
        self, found: Sequence[Finding], judged: Sequence[str], known: Sequence[str]
    ) -> Iterator[tuple[Suppression, str | None]]:
        """Comments that silence none of ``found``, with the code in question, or None for a comment without one.

        Of the ``known`` codes only those are spoken of whose rules were all ``judged``; a code like ours that is
        not known is always unused.  A bare ``# noqa`` may be there for another linter.
        """
        for comment in self.comments:
            silenced = {finding.code for finding in found if comment.silences(finding)}
            for code in comment.codes:
                named = [other for other in known if other.startswith(code)]
                ours = set(named) <= set(judged) if named else code.startswith("MEM")
                if ours and not any(other.startswith(code) for other in silenced):
                    yield comment, code
            if comment.ours and not comment.codes and not silenced:
                yield comment, None


def read_suppressions(lines: Sequence[str]) -> Suppressions:
    """The suppression comments among ``lines`` (without their ends)."""
    if not any("noqa" in line.lower() for line in lines):
        return Suppressions()
    found = []
    for token, statement in _comments(lines):
        if (match := _FILE.search(token.string)) is not None:
            found.append(_suppression(token, match, None, match["tool"].lower() == "memlint"))
        elif (match := _LINE.search(token.string)) is not None:
            found.append(_suppression(token, match, statement))
    return Suppressions(tuple(found))


def _comments(lines: Sequence[str]) -> Iterator[tuple[tokenize.TokenInfo, range]]:
    """Comments with the lines of the statement (or header) around each, as far as the file can be divided."""
    text = "\n".join(lines) + "\n"
    first = None
    waiting: list[tokenize.TokenInfo] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                waiting.append(token)
            elif token.type not in _BLANK:
                first = token.start[0] if first is None else first
            if token.type == tokenize.NEWLINE or (token.type == tokenize.NL and first is None):
                start = token.start[0] if first is None else first
                yield from ((comment, range(start, token.start[0] + 1)) for comment in waiting)
                waiting, first = [], None
    except (tokenize.TokenError, SyntaxError):
        pass  # a file that breaks off in mid-statement: what stands before is still meant
    yield from ((comment, range(comment.start[0], comment.start[0] + 1)) for comment in waiting)


def _suppression(
    token: tokenize.TokenInfo, match: re.Match[str], lines: range | None, ours: bool = False
) -> Suppression:
    line, column = token.start
    span = Span(line, column + match.start(), line, column + match.end())
    codes = match["codes"]
    return Suppression(span, tuple(re.split(r"[,\s]+", codes.upper())) if codes else (), lines, ours)
