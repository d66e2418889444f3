"""How a test's own reports say what it left."""

from __future__ import annotations

import pytest

from ..reports.text import Told, count_by_kind, describe, headline
from ..verdict import Finding
from .sorting import Sorted


def tell(reports: list[pytest.TestReport], found: Sorted, told: Told) -> None:
    """Fail the report of the call for what the test left, and the last one for what a fixture left."""
    if found.own:
        _fail(next((report for report in reports if report.when == "call"), reports[-1]), found.own, told)
    if found.of_fixtures:
        _fail(reports[-1], found.of_fixtures, told)
    carry(reports[-1], found)


def put_back(found: Sorted) -> None:
    """Put process state back that a test or a fixture fails for, so that the next test is judged by itself.

    What is allowed or only reported stays: a suite has it on purpose.
    """
    for finding in found.failing:
        if finding.undo is not None:
            finding.undo()


def carry(report: pytest.TestReport, found: Sorted) -> None:
    """Have a report take the records along, from a worker too."""
    vars(report)["memguard"] = vars(report).get("memguard", []) + found.records


def text(findings: list[Finding], told: Told) -> str:
    """What was left, by owner; what another test has told in full already is told in short."""
    owners = list(dict.fromkeys(finding.owner for finding in findings))
    parts = []
    for owner in owners:
        its = [finding for finding in findings if finding.owner is owner]
        who = f"{owner} (defined at {owner.place}) " if owner.place else ""
        parts.append(f"{who}left {count_by_kind(its)}\n\n{describe(its, told)}")
    return "\n\n".join(parts)


def _fail(report: pytest.TestReport, findings: list[Finding], told: Told) -> None:
    """Make a report that passed say what was left."""
    if report.failed:
        return
    report.outcome = "failed"
    report.longrepr = text(findings, told)
    file, line, _ = report.location
    report.location = file, line, headline(findings[0].owner, findings)
