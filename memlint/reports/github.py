"""Workflow commands that GitHub Actions turns into annotations."""

from __future__ import annotations

from collections.abc import Iterator

from memlint.findings import Severity
from memlint.reports.model import Report, shown
from memlint.reports.style import Style
from memlint.source.cells import cell_of

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def print_github(report: Report, _style: Style) -> Iterator[str]:
    """``::error file=...,line=...::message`` for each finding and for each failure."""
    for finding in report.findings:
        span = finding.span
        properties = {
            "title": f"memlint {finding.code} {report.name(finding.code)}",
            "file": shown(cell_of(finding.path)[0]),
            "line": str(span.line),
            "endLine": str(span.end_line),
        }
        if span.line == span.end_line:  # GitHub takes columns only within one line
            properties |= {"col": str(span.column + 1), "endColumn": str(span.end_column + 1)}
        yield _command(_LEVELS[finding.severity], properties, shown(finding.message))
    for failure in report.failures:
        yield _command("error", {"title": "memlint", "file": shown(failure.path)}, shown(failure.reason))


def _command(level: str, properties: dict[str, str], message: str) -> str:
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
