"""The whole report as one JSON object; ``docs/reference/json.md`` describes it and a test compares them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from memlint import __version__
from memlint.findings import Finding, Span, Step
from memlint.reports.fingerprint import fingerprint
from memlint.reports.model import Report, shown
from memlint.reports.style import Style

SCHEMA = 1
"""Raised when a key changes its meaning or goes; keys may be added without."""


def print_json(report: Report, _style: Style) -> Iterator[str]:
    """One object with the keys ``schema``, ``tool``, ``findings``, ``failures`` and ``summary``."""
    document: dict[str, object] = {
        "schema": SCHEMA,
        "tool": {"name": "memlint", "version": __version__},
        "findings": [finding_object(finding, report) for finding in report.findings],
        "failures": [
            {"path": shown(failure.path), "reason": failure.reason, "internal": failure.internal}
            for failure in report.failures
        ],
        "summary": {
            "files": report.files,
            "findings": len(report.findings),
            "suppressed": report.suppressed,
            "baselined": report.baselined,
            "by_code": report.counts(),
        },
    }
    if report.part is not None:
        document["shard"] = report.part
    yield from json.dumps(document, indent=2).splitlines()


def finding_object(finding: Finding, report: Report) -> dict[str, object]:
    """One finding with its whole witness; lines and columns count from 1, an end is the first after."""
    remedy = finding.remedy
    return {
        "code": finding.code,
        "name": report.name(finding.code),
        "message": finding.message,
        "severity": finding.severity.value,
        "path": shown(finding.path),
        **place_object(finding.span),
        "symbol": finding.symbol,
        "fingerprint": fingerprint(finding, report.lines.get(finding.path, ())),
        "statement": None if finding.statement is None else place_object(finding.statement),
        "witness": [_step_object(step, finding.path) for step in finding.witness],
        "fix": None if remedy is None else {"name": remedy.name, "title": remedy.title, "safe": remedy.safe},
    }


def place_object(span: Span) -> dict[str, int]:
    """The four numbers of a span, counted from 1."""
    return {
        "line": span.line,
        "column": span.column + 1,
        "end_line": span.end_line,
        "end_column": span.end_column + 1,
    }


def _step_object(step: Step, path: str) -> dict[str, object]:
    return {
        "kind": step.kind.value,
        "text": step.text,
        "path": shown(step.path or path),
        **place_object(step.span),
    }
