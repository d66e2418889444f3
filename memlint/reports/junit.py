"""JUnit's XML, for servers that show tests: a finding is a failed case, a failure an error."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from xml.etree import ElementTree

from memlint.findings import Finding
from memlint.reports.model import Report, shown
from memlint.reports.style import Style


def print_junit(report: Report, _style: Style) -> Iterator[str]:
    """One suite a file with findings; a clean run is one suite with one passed case."""
    suites = ElementTree.Element("testsuites", name="memlint")
    for path, findings in itertools.groupby(report.findings, key=lambda finding: finding.path):
        cases = list(findings)
        suite = _suite(suites, path, tests=len(cases), failures=len(cases))
        for finding in cases:
            _add_finding(suite, finding, report.name(finding.code))
    for failure in report.failures:
        suite = _suite(suites, failure.path, tests=1, errors=1)
        case = ElementTree.SubElement(suite, "testcase", name="memlint", classname=shown(failure.path))
        ElementTree.SubElement(case, "error", message=shown(failure.reason))
    if not len(suites):
        suite = _suite(suites, "memlint", tests=1)
        ElementTree.SubElement(suite, "testcase", name=f"{report.files} files without findings", classname="memlint")
    ElementTree.indent(suites)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield from ElementTree.tostring(suites, encoding="unicode").splitlines()


def _suite(
    suites: ElementTree.Element, name: str, *, tests: int, failures: int = 0, errors: int = 0
) -> ElementTree.Element:
    counts = {"tests": str(tests), "failures": str(failures), "errors": str(errors)}
    return ElementTree.SubElement(suites, "testsuite", {"name": shown(name), **counts})


def _add_finding(suite: ElementTree.Element, finding: Finding, name: str) -> None:
    place = f"{finding.span.line}:{finding.span.column + 1}"
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=f"{finding.code} {name} at {place}",
        classname=shown(finding.path),
        file=shown(finding.path),
        line=str(finding.span.line),
    )
    steps = [f"{shown(s.path or finding.path)}:{s.span.line}: {shown(s.text)}" for s in finding.witness]
    failure = ElementTree.SubElement(case, "failure", message=shown(finding.message), type=finding.severity.value)
    failure.text = "\n".join([f"{shown(finding.path)}:{place}: {shown(finding.message)}", *steps])
