"""Findings as the protocol's diagnostics, quick fixes and hovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from memlint.cli.server.documents import Document, uri_of
from memlint.cli.server.positions import Places, overlap
from memlint.findings import Edit, Finding, Remedy, Severity, Span
from memlint.rulebook import Rulebook, UnknownRule
from memlint.source.codes import UNPARSABLE
from memlint.source.comments import with_comments
from memlint.source.decode import split_lines

_SEVERITIES = {Severity.ERROR: 1, Severity.WARNING: 2, Severity.NOTE: 3}

Json = dict[str, object]


def diagnostic(finding: Finding, document: Document, places: Places) -> Json:
    """One finding, with the steps of its path as related places."""
    lines = document.lines
    related = [
        {
            "location": {
                "uri": document.uri if step.path in (None, finding.path) else uri_of(step.path or ""),
                "range": places.range(step.span, lines if step.path in (None, finding.path) else ()),
            },
            "message": step.text,
        }
        for step in finding.witness
    ]
    return {
        "range": places.range(finding.span, lines),
        "severity": _SEVERITIES[finding.severity],
        "code": finding.code,
        "source": "memlint",
        "message": finding.message,
        "relatedInformation": related,
    }


Remedies: TypeAlias = Callable[[Document, Finding], Remedy | None]


def code_actions(
    document: Document, asked: Mapping[str, Mapping[str, int]], places: Places, remedies: Remedies
) -> Iterator[Json]:
    """What can be done about the findings in a range: the rule's own fix, then silence."""
    lines = document.lines
    for finding in document.findings:
        if not overlap(places.range(finding.span, lines), asked):
            continue
        remedy = finding.remedy or remedies(document, finding)
        if remedy is not None and remedy.edits:
            title = remedy.title if remedy.safe else f"{remedy.title} (may change what the program does)"
            yield {**_action(finding, document, title, remedy.edits, places), "isPreferred": remedy.safe}
        silent = _silencing(finding, document)
        if silent:
            yield _action(finding, document, f"Silence {finding.code} here", silent, places)


def hover(document: Document, position: Mapping[str, int], places: Places) -> Json | None:
    """The findings at a position: the path of each, then the page of its rule."""
    here = {"start": position, "end": position}
    lines = document.lines
    found = [finding for finding in document.findings if overlap(places.range(finding.span, lines), here)]
    if not found:
        return None
    parts = [_told(finding) for finding in found]
    pages = [_page(code) for code in dict.fromkeys(finding.code for finding in found)]
    value = "\n\n---\n\n".join([*parts, *(page for page in pages if page)])
    return {"contents": {"kind": "markdown", "value": value}, "range": places.range(found[0].span, lines)}


def _told(finding: Finding) -> str:
    steps = [f"{n}. line {step.span.line}: {step.text}" for n, step in enumerate(finding.witness, start=1)]
    return "\n".join([f"**{finding.code}** {finding.message}", "", *steps]).rstrip()


def _page(code: str) -> str | None:
    try:
        return Rulebook.load().explain(code)
    except UnknownRule:
        return None


def _silencing(finding: Finding, document: Document) -> Sequence[Edit]:
    """The lines that change when a finding is given its comment."""
    if finding.code == UNPARSABLE:
        return ()
    before = document.lines
    try:
        after = split_lines(with_comments(document.text, [finding], ""))
    except ValueError:  # no line there can bear a comment
        return ()
    return [
        Edit(Span(number, 0, number, len(old)), new)
        for number, (old, new) in enumerate(zip(before, after, strict=True), start=1)
        if old != new
    ]


def _action(finding: Finding, document: Document, title: str, edits: Sequence[Edit], places: Places) -> Json:
    lines = document.lines
    changes = [{"range": places.range(edit.span, lines), "newText": edit.text} for edit in edits]
    return {
        "title": title,
        "kind": "quickfix",
        "diagnostics": [diagnostic(finding, document, places)],
        "edit": {"changes": {document.uri: changes}},
    }
