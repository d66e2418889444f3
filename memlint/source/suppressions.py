"""``# noqa`` comments: which lines, and which whole files, ask for silence.

The comments are read with Python's tokenizer, so the same words inside a string mean nothing.  The grammar
is flake8's, so that one comment does for both doors.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from memlint.findings import Finding, Span

_CODES = r"(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+\b)*)"
_LINE = re.compile(rf"#\s*noqa\b(?::\s?{_CODES})?", re.IGNORECASE)
_FILE = re.compile(rf"#\s*(?:memlint|flake8)\s*[:=]\s*noqa\b(?::\s?{_CODES})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment that asks for silence."""

    span: Span
    codes: tuple[str, ...]
    """Codes or prefixes in capitals; empty means every code."""

    def covers(self, code: str) -> bool:
        """Whether the comment speaks of ``code``."""
        return not self.codes or code.startswith(self.codes)


@dataclass(frozen=True, slots=True)
class Suppressions:
    """All such comments of one file."""

    by_line: Mapping[int, Suppression] = field(default_factory=dict)
    of_file: tuple[Suppression, ...] = ()

    def silencing(self, finding: Finding) -> Suppression | None:
        """The comment that silences ``finding``: one for the file, or one on a line of its statement."""
        for whole in self.of_file:
            if whole.covers(finding.code):
                return whole
        place = finding.statement or finding.span
        for line in range(place.line, place.end_line + 1):
            found = self.by_line.get(line)
            if found is not None and found.covers(finding.code):
                return found
        return None


def read_suppressions(lines: Sequence[str]) -> Suppressions:
    """The suppression comments among ``lines`` (without their ends)."""
    if not any("noqa" in line or "NOQA" in line or "noqa" in line.lower() for line in lines):
        return Suppressions()
    by_line: dict[int, Suppression] = {}
    of_file: list[Suppression] = []
    for token in _comments(lines):
        if (match := _FILE.search(token.string)) is not None:
            of_file.append(_suppression(token, match))
        elif (match := _LINE.search(token.string)) is not None:
            by_line[token.start[0]] = _suppression(token, match)
    return Suppressions(by_line, tuple(of_file))


def _comments(lines: Sequence[str]) -> Iterator[tokenize.TokenInfo]:
    """Comment tokens, as far as the file can be divided into tokens."""
    text = "\n".join(lines) + "\n"
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token
    except (tokenize.TokenError, SyntaxError):
        return  # a file that ends in mid-token: what stands before is still meant


def _suppression(token: tokenize.TokenInfo, match: re.Match[str]) -> Suppression:
    line, column = token.start
    span = Span(line, column + match.start(), line, column + match.end())
    codes = match["codes"]
    return Suppression(span, tuple(re.split(r"[,\s]+", codes.upper())) if codes else ())
