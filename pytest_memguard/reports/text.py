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
    fixtures = {each.acquired.set_up_by() if each.acquired else "" for each in findings if each.subject}
    by = f", by fixture {fixtures.pop().partition(' ')[0]}" if len(fixtures) == 1 and "" not in fixtures else ""
    return f"memguard: {name} left {count_by_kind(findings)}{by}"


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


class Told:
    """What a run has told in full: the same leak of another test is told in a line."""

    def __init__(self) -> None:
        self._tests: dict[object, str] = {}

    def by(self, finding: Finding) -> str:
        """The test that has told the same, come by the same way; "" when this one is the first."""
        if finding.owner.role != "test":
            return ""
        name = finding.owner.name.rpartition("::")[2].partition("[")[0]
        frames = finding.acquired.lines() if finding.acquired else ()
        way = tuple(frame for frame in frames if frame.function != name)
        first = self._tests.setdefault((finding.fingerprint, way), finding.owner.name)
        return first if first != finding.owner.name else ""


def describe(findings: list[Finding], told: Told | None = None) -> str:
    """Show findings, those of one acquiring line together; what was told before only in short."""
    groups: dict[object, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: not finding.subject):
        line = finding.acquired.project_line() if finding.acquired else None
        groups.setdefault((line or id(finding)), []).append(finding)
    return "\n\n".join(_block(group, told) for group in groups.values())


def _block(group: list[Finding], told: Told | None) -> str:
    first = group[0]
    before = told.by(first) if told is not None else ""
    things = [f"{finding.kind} {finding.what}".rstrip() + f", {finding.how}" for finding in group]
    text = [*things[:LINES]]
    if len(things) > LINES:
        text.append(f"and {len(things) - LINES} more from the same line")
    if first.acquired is not None and first.acquired.origin:
        text[-1] += f", {kinds.find(first.kind).verb}"
        text += _lines(first.acquired, ends_only=bool(before))
    if before:
        return "\n".join([*text, f"as in    {before}   fingerprint {first.fingerprint}"])
    if first.acquired is not None and first.acquired.fixture is not None:
        text.append(f"fixture  {first.acquired.set_up_by()}")
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
    text.append(f"fingerprint {first.fingerprint}")
    return "\n".join(text)


def _lines(acquired: Acquisition, *, ends_only: bool) -> list[str]:
    frames = acquired.lines()
    if ends_only and len(frames) > 2:
        frames = (frames[0], frames[-1])
    inner = [frame for frame in frames if place_of(frame.file) is Place.PROJECT]
    shown = frames if len(frames) <= LINES else inner or frames
    places = [f"{short(frame.file)}:{frame.line} in {frame.function}" for frame in shown]
    width = min(max(map(len, places), default=0), 60)
    lines = [f"    {place:<{width}}  {_source(frame)}".rstrip() for place, frame in zip(places, shown, strict=True)]
    if len(lines) > LINES:  # who acquires it, and what the test does
        lines[LINES // 2 : -LINES // 2] = [f"    ... {len(lines) - LINES} more"]
    return lines


def _source(frame: Frame) -> str:
    return _text(frame.file, frame.line)


def _place(line: Line) -> str:
    return f"{short(line.file)}:{line.line}"


def _text(file: str, line: int) -> str:
    return linecache.getline(file, line).strip()
