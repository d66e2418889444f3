"""A leak as a person reads it: what, opened by which lines, held by whom, and what to do."""

from __future__ import annotations

import linecache
from collections.abc import Iterable

from .. import kinds
from ..allocations import Line
from ..frames import Frame
from ..origins import Acquisition, Owner, Place, place_of
from ..verdict import Finding
from .record import short

LINES = 6
"""How many lines of an origin are shown."""


def headline(owner: Owner, findings: list[Finding]) -> str:
    """Say in one line who left how much of what."""
    name = owner.name.rpartition("::")[2] if owner.role == "test" else str(owner)
    return f"memguard: {name} left {count_by_kind(findings)}"


def count_by_kind(findings: Iterable[Finding]) -> str:
    """Say "1 socket still open, 2 threads still running"."""
    counts: dict[tuple[str, str], int] = {}
    known = list(findings)
    for finding in known:
        if finding.subject or not any(each.subject for each in known):
            counts[finding.kind, finding.how] = counts.get((finding.kind, finding.how), 0) + 1
    return ", ".join(f"{number} {plural(kind, number)} {how}" for (kind, how), number in counts.items())


def plural(kind: str, number: int) -> str:
    """The kind's word for so many of it."""
    if number == 1:
        return kind
    if kind.endswith("y"):
        return f"{kind[:-1]}ies"
    return f"{kind}{'es' if kind.endswith(('s', 'x')) else 's'}"


def describe(findings: list[Finding], also: Iterable[str] = ()) -> str:
    """Show findings, those of one acquiring line together."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        line = finding.acquired.project_line() if finding.acquired else None
        groups.setdefault((line or id(finding)), []).append(finding)
    return "\n\n".join(_block(group, list(also)) for group in groups.values())


def _block(group: list[Finding], also: list[str]) -> str:
    group = sorted(group, key=lambda finding: not finding.subject)
    first = group[0]
    things = [f"{finding.kind} {finding.what}".rstrip() + f", {finding.how}" for finding in group]
    text = [*things[:LINES]]
    if len(things) > LINES:
        text.append(f"and {len(things) - LINES} more from the same line")
    if first.acquired is not None and first.acquired.origin:
        text[-1] += f", {kinds.find(first.kind).verb}"
        text += _lines(first.acquired)
    text += [
        f"grew at  {_place(line)}  {line.size} bytes in {line.blocks} blocks  {_text(line.file, line.line)}".rstrip()
        for line in first.lines
    ]
    if first.now_at:
        text.append(f"now at   {first.now_at}")
    if first.held_by:
        text.append(f"held by  {first.held_by}")
    if first.verdict.value != "leaking" or first.advisory:
        text.append(f"verdict  {first.verdict.value}: {first.reason}")
    text.append(f"fix      {kinds.find(first.kind).cure or kinds.DEFAULT_CURE}")
    names = f"also in  {', '.join(also)}" if also else ""
    text.append(f"{names}{'   ' if names else ''}fingerprint {first.fingerprint}")
    return "\n".join(text)


def _lines(acquired: Acquisition) -> list[str]:
    frames = acquired.lines()
    inner = [frame for frame in frames if place_of(frame.file) is Place.PROJECT]
    shown = frames if len(frames) <= LINES else (inner or frames)[:LINES]
    places = [f"{short(frame.file)}:{frame.line} in {frame.function}" for frame in shown]
    width = min(max(map(len, places), default=0), 60)
    return [f"    {place:<{width}}  {_source(frame)}".rstrip() for place, frame in zip(places, shown, strict=True)]


def _source(frame: Frame) -> str:
    return _text(frame.file, frame.line)


def _place(line: Line) -> str:
    return f"{short(line.file)}:{line.line}"


def _text(file: str, line: int) -> str:
    return linecache.getline(file, line).strip()
