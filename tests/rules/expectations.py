"""What a page expects of its examples: the comments, and their comparison with the findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memlint.findings import Finding

_MARK = re.compile(r"#\s*(?P<word>error|preview|missed)\b(?P<rest>.*?)(?=\s*#\s*(?:error|preview|missed)\b|$)")
_ERROR = re.compile(r':(?:\s*(?P<column>\d+))?(?:\s*\[(?P<code>MEM\d{3})\])?(?:\s*"(?P<text>[^"]+)")?\s*')
_MISSED = re.compile(r":\s*(?P<code>MEM\d{3})\s+(?P<reason>\S.*)")


_UNSURE = {"might", "may", "possibly", "potentially", "perhaps", "could"}


@dataclass(frozen=True, slots=True)
class Expected:
    """One ``# error:``, ``# preview:`` or ``# missed:`` comment."""

    line: int
    code: str
    missed: bool = False
    preview: bool = False
    """Only those who ask for previews see it, because its kind of resource is still being measured."""
    column: int | None = None
    """Counted from 1, as users see it."""
    text: str = ""

    def meets(self, finding: Finding) -> bool:
        """Whether this comment speaks about ``finding``."""
        return (
            finding.code == self.code
            and (finding.preview or not self.preview)
            and finding.span.line == self.line
            and self.column in (None, finding.span.column + 1)
            and self.text in finding.message
        )

    def __str__(self) -> str:
        column = f":{self.column}" if self.column else ""
        return f"line {self.line}{column}: {self.code} {self.text!r}"


def unannounced(findings: Iterable[Finding], expected: Iterable[Expected]) -> Iterator[str]:
    """Findings that only previews show where the comment promises them to everyone."""
    promised = {(item.line, item.code) for item in expected if not item.missed and not item.preview}
    for finding in findings:
        if finding.preview and (finding.span.line, finding.code) in promised:
            yield f"only a preview, write '# preview:': line {finding.span.line}: {finding.code} {finding.message!r}"


def unfit(findings: Iterable[Finding]) -> Iterator[str]:
    """Messages that do not say what is lost, first and for sure: the subject in back-quotes, then the edge."""
    for finding in findings:
        words = finding.message.lower().split()
        if not finding.message.startswith("`") or finding.message.endswith(".") or _UNSURE.intersection(words):
            yield f"not in the style of messages: {finding.code} {finding.message!r}"


def without_expectations(text: str) -> str:
    """A block as it would stand in a file: without the comments that expect findings."""
    return "".join(_MARK.sub("", line).rstrip() + "\n" for line in text.splitlines())


def expectations(text: str, own_code: str) -> list[Expected]:
    """The comments of a block.  Raises ValueError on one that cannot be read."""
    return [
        _expected(match, number, own_code)
        for number, line in enumerate(text.splitlines(), 1)
        for match in _MARK.finditer(line)
    ]


def _expected(match: re.Match[str], line: int, own_code: str) -> Expected:
    if match["word"] == "missed":
        missed = _MISSED.fullmatch(match["rest"])
        if missed is None:
            raise ValueError(f"line {line}: write '# missed: MEM101 reason', not {match[0]!r}")
        return Expected(line, missed["code"], missed=True)
    error = _ERROR.fullmatch(match["rest"])
    if error is None:
        raise ValueError(f"line {line}: write '# {match['word']}: [MEM101] \"text\"', not {match[0]!r}")
    column = int(error["column"]) if error["column"] else None
    preview = match["word"] == "preview"
    return Expected(line, error["code"] or own_code, preview=preview, column=column, text=error["text"] or "")


def disagreements(findings: Iterable[Finding], expected: Iterable[Expected]) -> Iterator[str]:
    """Every difference between what was found and what was expected, one clause each."""
    open_expectations = [item for item in expected if not item.missed]
    misses = [item for item in expected if item.missed]
    for finding in sorted(findings, key=lambda finding: finding.sort_key):
        match = next((item for item in open_expectations if item.meets(finding)), None)
        seen = f"line {finding.span.line}: {finding.code} {finding.message!r}"
        if match is not None:
            open_expectations.remove(match)
        elif any(item.line == finding.span.line and item.code == finding.code for item in misses):
            yield f"a known miss is found now; expect it: {seen}"
        else:
            yield f"not expected: {seen}"
    for item in open_expectations:
        yield f"not found: {item}"
