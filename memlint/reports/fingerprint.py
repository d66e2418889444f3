"""What makes a finding the same finding after the file around it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from memlint.findings import Finding, Span
from memlint.reports.model import Report


def statement_text(finding: Finding, lines: Sequence[str]) -> str:
    """The statement that a finding speaks of, on one line, each run of blanks as one space."""
    return " ".join(_text(finding.statement or finding.span, lines).split())


def fingerprint(finding: Finding, lines: Sequence[str]) -> str:
    """Sixteen hexadecimal digits from the code, the enclosing symbol and the statement, never from a line number."""
    content = "\0".join((finding.code, finding.symbol, statement_text(finding, lines)))
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fingerprints(report: Report) -> Iterator[tuple[Finding, str]]:
    """Each finding with its fingerprint."""
    for finding in report.findings:
        yield finding, fingerprint(finding, report.lines.get(finding.path, ()))


def _text(span: Span, lines: Sequence[str]) -> str:
    inside = list(lines[span.line - 1 : span.end_line])
    if not inside:
        return ""
    inside[-1] = inside[-1][: span.end_column] if span.end_column or len(inside) > 1 else inside[-1]
    inside[0] = inside[0][span.column :]
    return "\n".join(inside)
