"""GitLab's code quality report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from memlint.findings import Severity
from memlint.reports.fingerprint import fingerprints
from memlint.reports.model import Report, shown
from memlint.reports.style import Style
from memlint.source.cells import cell_of

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def print_gitlab(report: Report, _style: Style) -> Iterator[str]:
    """A list of one object a finding; GitLab wants each fingerprint to be its own."""
    seen: dict[tuple[str, str], int] = {}
    issues = []
    for finding, mark in fingerprints(report):
        place = (finding.path, mark)
        seen[place] = seen.get(place, 0) + 1
        own = f"{finding.path}\0{mark}\0{seen[place]}".encode("utf-8", "surrogatepass")
        issues.append(
            {
                "description": finding.message,
                "check_name": finding.code,
                "fingerprint": hashlib.sha256(own).hexdigest(),
                "severity": _SEVERITIES[finding.severity],
                "location": {
                    "path": shown(cell_of(finding.path)[0]),
                    "lines": {"begin": finding.span.line, "end": finding.span.end_line},
                },
            }
        )
    yield from json.dumps(issues, indent=2).splitlines()
