"""The formats for other programs: SARIF, GitHub, GitLab, JUnit and JSON lines."""

from __future__ import annotations

import json
import os
import re
import typing
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import attr
import pytest
import sarif_om
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.findings import Edit, Finding, Remedy, Severity, Span, Step, StepKind
from memlint.reports import FORMATS, Failure, Report, Style
from memlint.reports.fingerprint import fingerprint
from memlint.reports.sarif import uri

from .fakes import FAKES
from .test_reports import FINDING, LINES

FIXABLE = Finding(
    "MEM401",
    "src/a b.py",
    Span(1, 0, 1, 4),
    "100%, `x`: a",
    Severity.NOTE,
    remedy=Remedy("wrap", "Wrap it", True, (Edit(Span(1, 0, 1, 4), "with"),)),
)
REPORT = Report(
    (FIXABLE, FINDING),
    (Failure("gone.py", "no such file or folder"),),
    {"src/app.py": LINES, "src/a b.py": ["open"]},
    files=3,
    rules=FAKES,
)
EMPTY = Report(files=2)


def printed(form: str, report: Report) -> str:
    return "\n".join(FORMATS[form](report, Style()))


SARIF_TYPES = {  # the class of sarif_om for each property that holds objects
    "runs": "Run",
    "tool": "Tool",
    "driver": "ToolComponent",
    "rules": "ReportingDescriptor",
    "shortDescription": "MultiformatMessageString",
    "help": "MultiformatMessageString",
    "defaultConfiguration": "ReportingConfiguration",
    "invocations": "Invocation",
    "toolExecutionNotifications": "Notification",
    "results": "Result",
    "message": "Message",
    "locations": "Location",
    "location": "Location",
    "physicalLocation": "PhysicalLocation",
    "logicalLocations": "LogicalLocation",
    "artifactLocation": "ArtifactLocation",
    "region": "Region",
    "codeFlows": "CodeFlow",
    "threadFlows": "ThreadFlow",
    "fixes": "Fix",
    "description": "Message",
    "artifactChanges": "ArtifactChange",
    "replacements": "Replacement",
    "deletedRegion": "Region",
    "insertedContent": "ArtifactContent",
}
ENUMERATIONS = {
    "level": {"none", "note", "warning", "error"},
    "importance": {"important", "essential", "unimportant"},
    "columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
    "version": {"2.1.0"},
}


def complaints(value: object, kind: str, place: str = "log") -> Iterator[str]:
    """Where an object is none of the class that sarif_om generated from the official schema."""
    if not isinstance(value, dict):
        yield f"{place} is no object"
        return
    fields = {field.metadata["schema_property_name"]: field for field in attr.fields(getattr(sarif_om, kind))}
    for name, field in fields.items():
        if field.default is attr.NOTHING and name not in value:
            yield f"{place} lacks {name}"
    for name, inner in value.items():
        if name not in fields:
            yield f"{place} may not have {name}"
        elif name in ENUMERATIONS and inner not in ENUMERATIONS[name]:
            yield f"{place}.{name} cannot be {inner}"
        elif name in SARIF_TYPES:
            flow = kind == "ThreadFlow" and name == "locations"
            many = inner if isinstance(inner, list) else [inner]
            for number, item in enumerate(many):
                yield from complaints(
                    item, "ThreadFlowLocation" if flow else SARIF_TYPES[name], f"{place}.{name}[{number}]"
                )
        elif isinstance(inner, dict | list) and name not in ("partialFingerprints", "kinds"):
            yield f"{place}.{name} is not checked"


@pytest.mark.parametrize("report", [REPORT, EMPTY])
def test_sarif_is_made_of_the_schemas_objects(report: Report) -> None:
    log = json.loads(printed("sarif", report))

    assert list(complaints(log, "SarifLog")) == []
    assert log["$schema"].endswith("sarif-2.1.0.json")


def test_the_check_of_sarif_complains() -> None:
    log = json.loads(printed("sarif", REPORT))
    log["runs"][0]["results"][0]["colour"] = "red"
    log["runs"][0]["results"][0]["level"] = "grave"
    del log["runs"][0]["results"][1]["message"]

    assert len(list(complaints(log, "SarifLog"))) == 3


def test_sarif_carries_the_path_and_its_rule() -> None:
    run = json.loads(printed("sarif", REPORT))["runs"][0]
    fixable, result = run["results"]

    (flow,) = result["codeFlows"]
    steps = flow["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == [step.text for step in FINDING.witness]
    assert steps[1]["location"]["physicalLocation"]["region"] == {
        "startLine": 6,
        "startColumn": 16,
        "endLine": 6,
        "endColumn": 28,
    }
    assert result["partialFingerprints"] == {"memlint/v1": fingerprint(FINDING, LINES)}
    assert run["tool"]["driver"]["rules"][fixable["ruleIndex"]]["id"] == "MEM401"
    assert fixable["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "with"}
    assert fixable["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "src/a%20b.py"


def test_sarif_says_that_a_run_was_not_whole() -> None:
    (invocation,) = json.loads(printed("sarif", REPORT))["runs"][0]["invocations"]

    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "gone.py: no such file or folder"


def test_an_absolute_path_is_a_file_uri() -> None:
    path = os.path.abspath(os.fsdecode(b"/a b/caf\xe9.py"))

    assert uri(path) == "file:///a%20b/caf%E9.py"


def test_github_annotates_with_everything_escaped() -> None:
    assert printed("github", REPORT).splitlines() == [
        "::notice title=memlint MEM401 prefer-with,file=src/a b.py,line=1,endLine=1,col=1,endColumn=5::100%25, `x`: a",
        "::warning title=memlint MEM301 unknown,file=src/app.py,line=4,endLine=4,col=9,endColumn=19::"
        "`f` acquired here is not released if line 6 raises",
        "::error title=memlint,file=gone.py::no such file or folder",
    ]


def test_github_properties_cannot_be_broken_out_of() -> None:
    finding = Finding("MEM101", "a,line=9::b.py", Span(1, 0, 2, 1), "x")

    assert printed("github", Report((finding,))).startswith("::error title=memlint MEM101 ")
    assert "file=a%2Cline=9%3A%3Ab.py,line=1,endLine=2::x" in printed("github", Report((finding,)))


def test_gitlab_has_what_code_quality_asks_for() -> None:
    twice = Report((FINDING, FINDING), lines={"src/app.py": LINES})
    issues = json.loads(printed("gitlab", twice))

    assert issues[0]["location"] == {"path": "src/app.py", "lines": {"begin": 4, "end": 4}}
    assert issues[0]["severity"] == "minor"
    assert {"description", "check_name", "fingerprint", "severity", "location"} == set(issues[0])
    assert issues[0]["fingerprint"] != issues[1]["fingerprint"]
    assert json.loads(printed("gitlab", EMPTY)) == []


def test_junit_counts_findings_as_failed_cases_and_failures_as_errors() -> None:
    root = ElementTree.fromstring(printed("junit", REPORT))

    counts = {s.get("name"): (s.get("tests"), s.get("failures"), s.get("errors")) for s in root}
    assert counts == {"src/a b.py": ("1", "1", "0"), "src/app.py": ("1", "1", "0"), "gone.py": ("1", "0", "1")}
    failure = root.find(".//testsuite[@name='src/app.py']/testcase/failure")
    assert failure is not None
    assert "src/app.py:6: `json.load()` raises" in (failure.text or "")


def test_a_clean_run_is_a_passed_case_in_junit() -> None:
    (suite,) = ElementTree.fromstring(printed("junit", EMPTY))

    assert (suite.get("tests"), suite.get("failures"), len(suite)) == ("1", "0", 1)


def test_json_lines_are_the_findings_of_json() -> None:
    lines = [json.loads(line) for line in printed("json-lines", REPORT).splitlines()]

    assert lines == json.loads(printed("json", REPORT))["findings"]


ODD = st.text(st.characters(exclude_categories=()), max_size=20)


@settings(deadline=None)
@given(path=st.text(min_size=1, max_size=20), message=ODD, text=ODD, line=ODD)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_takes_any_text(form: str, path: str, message: str, text: str, line: str) -> None:
    span = Span(1, 0, 1, 1)
    finding = Finding("MEM101", path, span, message, witness=(Step(StepKind.LOSE, span, text),))

    out = printed(form, Report((finding,), (Failure(path, message),), {path: [line]}, 1, rules=FAKES))

    if form in ("json", "sarif", "gitlab"):
        json.loads(out)
    elif form == "junit":
        ElementTree.fromstring(out)
    else:
        assert not [char for char in out if unicodedata.category(char) == "Cc" and char != "\n"]


def test_a_fingerprint_outlives_moves_but_not_changes() -> None:
    moved = ["# new", "", *LINES]
    lower = Finding(**{**_fields(FINDING), "span": Span(6, 8, 6, 18), "statement": Span(6, 4, 6, 18)})
    spaced = [line.replace("f = open(path)", "f  =  open(path)") for line in LINES]
    wider = Finding(**{**_fields(FINDING), "statement": Span(4, 4, 4, 20)})
    changed = [line.replace("open(path)", "open(home)") for line in LINES]

    assert fingerprint(lower, moved) == fingerprint(FINDING, LINES)
    assert fingerprint(wider, spaced) == fingerprint(FINDING, LINES)
    assert fingerprint(FINDING, changed) != fingerprint(FINDING, LINES)
    assert fingerprint(Finding(**{**_fields(FINDING), "symbol": "other"}), LINES) != fingerprint(FINDING, LINES)
    assert re.fullmatch(r"[0-9a-f]{16}", fingerprint(FINDING, LINES))


def _fields(finding: Finding) -> dict[str, typing.Any]:
    return {name: getattr(finding, name) for name in Finding.__slots__}


def test_a_file_name_of_any_bytes_is_kept_in_a_uri(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")

    assert os.fsdecode(unquote(uri(name), errors="surrogateescape")) == name
    assert (tmp_path / name).name == name
