"""For people: a headline a finding, then the code along the path that proves it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from memlint.findings import Finding, Step
from memlint.reports.concise import headline
from memlint.reports.frames import Mark, frame
from memlint.reports.model import Report, shown
from memlint.reports.style import Style


def print_text(report: Report, style: Style) -> Iterator[str]:
    """All findings with their frames, then one line that counts them."""
    for finding in report.findings:
        yield headline(finding, style)
        yield from _path(finding, report, style)
        yield ""
    if report.files:
        yield _summary(report)


def _path(finding: Finding, report: Report, style: Style) -> Iterator[str]:
    """The frames of the witness, file by file; without one, the frame of the finding itself."""
    if not finding.witness:
        lines = report.lines.get(finding.path, ())
        yield from frame(lines, [Mark(finding.span, "")], finding.severity, style)
        return
    places = [list(steps) for _, steps in itertools.groupby(finding.witness, key=lambda step: (step.path, step.span))]
    numbered = enumerate(places, start=1)
    for path, group in itertools.groupby(numbered, key=lambda item: item[1][0].path or finding.path):
        marks = [_mark(number, steps, len(places) > 1) for number, steps in group]
        if path != finding.path:
            span = marks[0].span
            yield style.strong(f"in {shown(path)}:{span.line}:{span.column + 1}")
        lines = report.lines.get(path, ())
        yield from frame(lines, marks, finding.severity, style)
        if not lines:
            yield from (f"  line {mark.span.line}: {mark.label}" for mark in marks)


def _mark(number: int, steps: list[Step], numbered: bool) -> Mark:
    """One mark for all steps that stand at one place."""
    words = shown(", ".join(step.text for step in steps))
    return Mark(steps[0].span, f"{number}. {words}" if numbered else words)


def _summary(report: Report) -> str:
    files = f"{report.files} file{'' if report.files == 1 else 's'}"
    hidden = {"silenced by comments": report.suppressed, "in the baseline": report.baselined}
    silenced = ", ".join(f"{count} {words}" for words, count in hidden.items() if count)
    silenced = f" ({silenced})" if silenced else ""
    count = len(report.findings)
    if not count:
        return f"No findings in {files}{silenced}."
    touched = len({finding.path for finding in report.findings})
    return f"{count} finding{'' if count == 1 else 's'} in {touched} of {files}{silenced}."
