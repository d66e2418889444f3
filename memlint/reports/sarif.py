"""SARIF 2.1.0 with the witness of each finding as a code flow.

The format is OASIS' *Static Analysis Results Interchange Format (SARIF) Version 2.1.0*.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from memlint import __version__
from memlint.findings import Default, Edit, Finding, Remedy, RuleFacts, Severity, Span, Step, StepKind
from memlint.reports.fingerprint import fingerprints
from memlint.reports.model import Failure, Report, shown
from memlint.reports.style import Style
from memlint.source import codes
from memlint.source.cells import cell_of

if TYPE_CHECKING:
    from memlint.rules import Rule

Json: TypeAlias = "dict[str, object]"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_KINDS = {
    StepKind.ACQUIRE: ["acquire", "resource"],
    StepKind.TAKE: ["branch"],
    StepKind.RAISE: ["danger"],
    StepKind.LOSE: ["danger", "resource"],
    StepKind.LEAVE: ["exit", "function"],
}


def print_sarif(report: Report, _style: Style) -> Iterator[str]:
    """One log with one run."""
    rules = [*_own(), *(_rule(rule) for rule in report.rules)]
    numbers = {str(rule["id"]): number for number, rule in enumerate(rules)}
    driver = {"name": "memlint", "semanticVersion": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not report.failures,
                "toolExecutionNotifications": [_notification(failure) for failure in report.failures],
            }
        ],
        "results": [_result(finding, mark, numbers) for finding, mark in fingerprints(report)],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    yield from json.dumps(log, indent=2).splitlines()


def _own() -> Iterator[Json]:
    yield _descriptor(codes.UNPARSABLE, codes.UNPARSABLE_NAME, codes.UNPARSABLE_SUMMARY, Severity.ERROR, True)
    unused = codes.UNUSED, codes.UNUSED_NAME, codes.UNUSED_SUMMARY
    yield _descriptor(*unused, Severity.NOTE, False)


def _rule(rule: Rule | RuleFacts) -> Json:
    return _descriptor(rule.code, rule.name, rule.summary, rule.severity, rule.default is Default.ON)


def _descriptor(code: str, name: str, summary: str, severity: Severity, enabled: bool) -> Json:
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": summary},
        "help": {"text": f"`memlint explain {code}` prints the rule's page."},
        "defaultConfiguration": {"level": _LEVELS[severity], "enabled": enabled},
    }


def _result(finding: Finding, mark: str, numbers: dict[str, int]) -> Json:
    location = _location(finding.path, finding.span)
    location["logicalLocations"] = [{"fullyQualifiedName": finding.symbol}]
    result: Json = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [location],
        "partialFingerprints": {"memlint/v1": mark},
    }
    if finding.code in numbers:
        result["ruleIndex"] = numbers[finding.code]
    if finding.witness:
        steps = [_step(step, finding.path) for step in finding.witness]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if finding.remedy is not None and finding.remedy.edits:
        result["fixes"] = [_fix(finding.remedy, finding.path)]
    return result


def _step(step: Step, path: str) -> Json:
    return {
        "location": {**_location(step.path or path, step.span), "message": {"text": step.text}},
        "kinds": _KINDS[step.kind],
        "importance": "important" if step.kind is StepKind.TAKE else "essential",
    }


def _location(path: str, span: Span) -> Json:
    return {"physicalLocation": {"artifactLocation": {"uri": uri(path)}, "region": _region(span)}}


def _region(span: Span) -> Json:
    return {
        "startLine": span.line,
        "startColumn": span.column + 1,
        "endLine": span.end_line,
        "endColumn": span.end_column + 1,
    }


def _fix(remedy: Remedy, path: str) -> Json:
    replacements = [_replacement(edit) for edit in remedy.edits]
    return {
        "description": {"text": remedy.title},
        "artifactChanges": [{"artifactLocation": {"uri": uri(path)}, "replacements": replacements}],
    }


def _replacement(edit: Edit) -> Json:
    return {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}


def _notification(failure: Failure) -> Json:
    return {
        "level": "error",
        "message": {"text": f"{shown(failure.path)}: {shown(failure.reason)}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(failure.path)}}}],
    }


def uri(path: str) -> str:
    """A path as a URI reference: relative paths stay relative, bytes that are no text are kept."""
    path = cell_of(path)[0]
    quoted = quote(os.fsencode(path.replace(os.sep, "/")))
    return f"file://{'' if quoted.startswith('/') else '/'}{quoted}" if os.path.isabs(path) else quoted
