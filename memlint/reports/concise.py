"""One line a finding, for editors and for ``grep``."""

from __future__ import annotations

from collections.abc import Iterator

from memlint.findings import Finding
from memlint.reports.model import Report, shown
from memlint.reports.style import Style


def print_concise(report: Report, style: Style) -> Iterator[str]:
    """``path:line:column: CODE message`` for each finding; lines and columns count from 1."""
    for finding in report.findings:
        yield headline(finding, style)


def headline(finding: Finding, style: Style) -> str:
    """The one line that says what and where."""
    place = f"{shown(finding.path)}:{finding.span.line}:{finding.span.column + 1}:"
    return f"{style.strong(place)} {style.graded(finding.severity, finding.code)} {shown(finding.message)}"
