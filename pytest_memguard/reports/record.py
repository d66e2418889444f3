"""A finding as plain values: what travels from a worker to the controller, and into the JSON document."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from ..origins import Acquisition, relative
from ..verdict import Finding

VERSION = 1
"""Of the document's form; a reader refuses another."""


class Line(TypedDict):
    """One line of an origin."""

    file: str
    line: int
    function: str


class Growing(TypedDict):
    """A line, and what it allocates in one run that is still there after it."""

    file: str
    line: int
    bytes: int
    blocks: int


class Record(TypedDict):
    """One finding about one test or fixture."""

    test: str
    owner: str
    kind: str
    what: str
    how: str
    verdict: str
    reason: str
    allowed: str
    """Why it is allowed; empty when it is not."""
    fails: bool
    subject: bool
    fingerprint: str
    origin: list[Line]
    held_by: str
    fixture: str
    """The fixture of the test's own scope that acquired it, and where that is defined; empty for the test itself."""
    now_at: str
    """Where a thread or a task stood when its test had ended."""
    grew_at: list[Growing]
    """The lines that allocated what stays of a run, the largest first."""


def record(test: str, finding: Finding, *, fails: bool, allowed: str = "") -> Record:
    """Write a finding down."""
    return Record(
        test=test,
        owner=str(finding.owner),
        kind=finding.kind,
        what=finding.what,
        how=finding.how,
        verdict=finding.verdict.value,
        reason=finding.reason,
        allowed=allowed,
        fails=fails,
        subject=finding.subject,
        fingerprint=finding.fingerprint,
        origin=_origin(finding.acquired),
        held_by=finding.held_by,
        fixture=finding.acquired.set_up_by() if finding.acquired else "",
        now_at=finding.now_at,
        grew_at=[Growing(file=short(at.file), line=at.line, bytes=at.size, blocks=at.blocks) for at in finding.lines],
    )


def write(path: Path, records: Iterable[Record], watched: int) -> None:
    """Write the JSON document of a run.  Raises `OSError` when the file cannot be written."""
    path.write_text(
        json.dumps({"version": VERSION, "tests": watched, "findings": list(records)}, indent=1) + "\n",
        encoding="utf-8",
    )


def known(path: Path) -> frozenset[str]:
    """The fingerprints of a document's leaks.  Raises `ValueError` naming what is wrong with the file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            raise ValueError(f"{path} has version {document['version']}, not {VERSION}: write it again")
        return frozenset(each["fingerprint"] for each in document["findings"] if each["fails"] or each["allowed"])
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no document of --memguard-json ({error})") from None


def short(file: str) -> str:
    """A path as seen from the working directory, when it is inside it."""
    path = relative(file) if os.path.isabs(file) else file
    return file if path.startswith(os.pardir) else path


def _origin(acquired: Acquisition | None) -> list[Line]:
    frames = acquired.lines() if acquired else ()
    return [Line(file=short(frame.file), line=frame.line, function=frame.function) for frame in frames]
