"""A leak as a person reads it: what, opened by which lines, held by whom, and what to do."""

from __future__ import annotations

import linecache
from collections.abc import Iterable

from ..origins import Acquisition, Owner, Place, place_of
from ..runtime.origin import Frame
from ..verdict import Finding
from .record import short

LINES = 6
"""How many lines of an origin are shown."""
VERBS = {
    "socket": "opened by",
    "thread": "started by",
    "process": "started by",
    "zombie process": "started by",
    "asyncio task": "created by",
    "event loop": "created by",
    "executor": "created by",
    "pool lease": "acquired by",
    "temporary file": "made by",
    "temporary folder": "made by",
}
CURES = {
    "file": "close it: `with open(...) as file:`, or `file.close()` in `finally`",
    "socket": "close what holds it (response, client, socket): `with`, or `close()` in `finally`",
    "sqlite connection": "`with connection:` ends a transaction and closes nothing: use `contextlib.closing(...)`",
    "executor": "`with ThreadPoolExecutor() as executor:`, or `executor.shutdown()` in `finally`",
    "process": "`with Popen(...)`, or `wait()` (after `kill()` when it must not go on) in `finally`",
    "zombie process": "call `wait()` or `communicate()`: a child stays in the process table until then",
    "thread": "tell it to stop, then `join()` it",
    "asyncio task": "keep the task and await it, cancel and await it, or start it in a `TaskGroup`",
    "event loop": "`asyncio.run(...)`, or `loop.close()` in `finally`",
    "temporary file": "`with NamedTemporaryFile() as file:`, or close and remove it in `finally`",
    "temporary folder": "`with TemporaryDirectory() as folder:`, or remove it in `finally`",
    "pipe": "close both ends, in `finally`",
    "heap peak": "work in pieces, or raise the limit",
    "heap growth": "bound the container, or take out what a run has put in",
    "epoll": "close the selector or the loop that owns it",
}
DEFAULT_CURE = "give it back in `finally`, or use it in a `with` block"


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
        text[-1] += f", {VERBS.get(first.kind, 'opened by')}"
        text += _lines(first.acquired)
    if first.held_by:
        text.append(f"held by  {first.held_by}")
    if first.verdict.value != "leaking":
        text.append(f"verdict  {first.verdict.value}: {first.reason}")
    text.append(f"fix      {CURES.get(first.kind, DEFAULT_CURE)}")
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
    return linecache.getline(frame.file, frame.line).strip()
