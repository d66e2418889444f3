"""One JSON object a line and finding, for programs that read while memlint writes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from memlint.reports.as_json import finding_object
from memlint.reports.model import Report
from memlint.reports.style import Style


def print_json_lines(report: Report, _style: Style) -> Iterator[str]:
    """The objects of the JSON report's ``findings``, one a line."""
    for finding in report.findings:
        yield json.dumps(finding_object(finding, report))
