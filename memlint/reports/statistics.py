"""How many findings each rule has, instead of the findings."""

from __future__ import annotations

from collections.abc import Iterator

from memlint.reports.model import Report
from memlint.reports.style import Style


def print_statistics(report: Report, style: Style) -> Iterator[str]:
    """``count CODE name``, most frequent first."""
    counts = report.counts()
    width = max((len(str(count)) for count in counts.values()), default=0)
    for code, count in counts.items():
        yield f"{count:>{width}} {style.strong(code)} {report.name(code)}"
