"""Leaks that are known: reported apart, with a reason, until a date."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from . import kinds
from .verdict import Finding


@dataclass(frozen=True, slots=True)
class Allowance:
    """One kind of leak that a test may have for now."""

    kind: str
    reason: str
    issue: str = ""
    until: datetime.date | None = None
    """The last day on which it is allowed; None for always."""

    def covers(self, finding: Finding, today: datetime.date) -> bool:
        """Whether this leak is allowed today.  "socket" covers sockets, "temporary" every temporary thing."""
        if self.until is not None and today > self.until:
            return False
        own = (finding.kind, kinds.find(finding.kind).group, "all")
        return self.kind in own or finding.kind.startswith(self.kind + " ")

    def __str__(self) -> str:
        parts = [self.reason, *([self.issue] if self.issue else [])]
        return ", ".join([*parts, *([f"until {self.until}"] if self.until else [])])


LIMITS = {
    "handles": ("descriptor", *(kind.name for kind in kinds.KINDS if kind.group == "descriptor")),
    "threads": ("thread",),
    "tasks": ("asyncio task",),
}
"""What each limit counts."""


def within(
    findings: Iterable[Finding], limits: dict[str, int], growth: int | None = None
) -> list[tuple[Finding, Allowance]]:
    """The first findings of each sort, as many as its limit lets pass, and growth of no more than so many bytes."""
    passed: list[tuple[Finding, Allowance]] = []
    left = dict(limits)
    for finding in findings:
        if growth is not None and finding.size is not None and finding.size <= growth:
            passed.append((finding, Allowance(finding.kind, f"{finding.size} bytes a run, within growth={growth}")))
            continue
        sort = next((name for name, kinds in LIMITS.items() if finding.kind in kinds), "")
        if left.get(sort, 0) > 0:
            left[sort] -= 1
            passed.append((finding, Allowance(finding.kind, f"within {sort}={limits[sort]}")))
    return passed


class BadAllowance(ValueError):
    """A `memguard_allow` marker that does not say what it must."""


def read_allowance(
    kind: object = None, *, reason: object = None, issue: object = "", until: object = None
) -> Allowance:
    """Make an allowance of a marker's arguments; raises `BadAllowance` naming what is wrong and the cure."""
    if not isinstance(kind, str) or not kind:
        raise BadAllowance('memguard_allow needs a kind: memguard_allow("thread", reason="...")')
    close = difflib.get_close_matches(kind, kinds.words(), 1, cutoff=0.8)
    if close and kind not in (*kinds.words(), *(word.partition(" ")[0] for word in kinds.words())):
        raise BadAllowance(f"memguard_allow({kind!r}): there is no such kind; did you mean {close[0]!r}?")
    if not isinstance(reason, str) or not reason.strip():
        cure = f'memguard_allow({kind!r}, reason="why it may stay")'
        raise BadAllowance(f"memguard_allow({kind!r}) needs a reason: {cure}")
    return Allowance(kind, reason, str(issue or ""), _day(kind, until))


def read_allowances(entries: object) -> tuple[Allowance, ...]:
    """Make allowances of `allow=[...]`: of each entry a mapping; raises `BadAllowance`."""
    if not isinstance(entries, (list, tuple)):
        raise BadAllowance(f"allow={entries!r} is no list; {ENTRY}")
    return tuple(_entry(each) for each in entries)


ENTRY = 'write allow=[{"kind": "thread", "reason": "why it may stay", "until": "2027-01-31"}]'


def _entry(entry: object) -> Allowance:
    if not isinstance(entry, dict):
        raise BadAllowance(f"allow: {entry!r} has no reason; {ENTRY}")
    try:
        return read_allowance(**entry)
    except TypeError:
        known = "kind, reason, issue and until"
        raise BadAllowance(f"allow: {entry!r} has something else than {known}; {ENTRY}") from None


def _day(kind: str, until: object) -> datetime.date | None:
    if until is None or isinstance(until, datetime.date):
        return until
    try:
        return datetime.date.fromisoformat(str(until))
    except ValueError:
        wrong = f"memguard_allow({kind!r}): until={until!r} is not a day"
        raise BadAllowance(f"{wrong}; write until='2027-01-31'") from None


def split(
    findings: Iterable[Finding], allowances: Iterable[Allowance], today: datetime.date
) -> tuple[list[Finding], list[tuple[Finding, Allowance]]]:
    """Part findings into those that count and those that are allowed, each with its allowance."""
    counted, allowed = [], []
    known = list(allowances)
    for finding in findings:
        allowance = next((each for each in known if each.covers(finding, today)), None)
        if allowance is None:
            counted.append(finding)
        else:
            allowed.append((finding, allowance))
    return counted, allowed
