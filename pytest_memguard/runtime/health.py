"""Whether the utilities are well: each one's own word, and the worst of them all.

A utility registers itself when it is made and is forgotten with its last reference.
"""

from __future__ import annotations

import enum
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from .lease import _lenders


class Status(enum.IntEnum):
    """How a utility is; the greater the worse."""

    OK = 0
    DEGRADED = 1
    """It works, and something needs attention."""
    FAILING = 2
    """It cannot do what it is for."""


@dataclass(frozen=True, slots=True)
class Health:
    """How one utility is, and why."""

    label: str
    """Kind and name, as reports say it: "Cache 'users'"."""
    status: Status
    reason: str
    """What is wrong and what to do about it; what is well, in a few words, otherwise."""

    def __str__(self) -> str:
        return f"{self.label}: {self.status.name}, {self.reason}"


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How all of them are."""

    parts: tuple[Health, ...]
    """By label."""

    @property
    def status(self) -> Status:
        """The worst status of any; OK when there is none."""
        return max((part.status for part in self.parts), default=Status.OK)

    def as_dict(self) -> dict[str, Any]:
        """What a health endpoint answers: plain values, ready for JSON."""
        return {
            "status": self.status.name,
            "parts": [{"label": part.label, "status": part.status.name, "reason": part.reason} for part in self.parts],
        }

    def __str__(self) -> str:
        return "\n".join([self.status.name, *(f"  {part}" for part in self.parts)])


class Utility(Protocol):
    """What registers: it has a name and numbers; those that have no `health` are judged by their numbers."""

    @property
    def name(self) -> str:
        """What its maker called it."""

    @property
    def label(self) -> str:
        """Kind and name, as reports say it."""

    def statistics(self) -> Any:
        """A frozen record of plain numbers."""


_utilities: weakref.WeakSet[Utility] = weakref.WeakSet()


def watch(utility: Utility) -> None:
    """Count the utility in `check_health()` and in the metrics for as long as it lives."""
    _utilities.add(utility)


def watched() -> tuple[Utility, ...]:
    """The utilities that are alive, by label: those that registered here, and pools and circuit breakers.

    Not scopes and mapped files, which come and go: they have numbers, and no name to file them under.
    """
    lenders = (lender for lender in tuple(_lenders) if hasattr(lender, "statistics") and hasattr(lender, "name"))
    found: dict[int, Any] = {id(utility): utility for utility in (*tuple(_utilities), *lenders)}
    return tuple(sorted(found.values(), key=lambda utility: utility.label))


def health_of(utility: Utility) -> Health:
    """Ask one utility, or judge it by its numbers."""
    ask: Callable[[], Health] | None = getattr(utility, "health", None)
    return _judge(utility.label, utility.statistics()) if ask is None else ask()


def _judge(label: str, now: Any) -> Health:
    """Judge pools and circuit breakers, which have no word of their own."""
    if hasattr(now, "probes"):
        status = {"closed": Status.OK, "half-open": Status.DEGRADED}.get(now.state, Status.FAILING)
        return Health(label, status, f"{now.state}, {now.failures} failures in a row, {now.refused} calls refused")
    if now.waiting:
        return Health(label, Status.DEGRADED, f"{now.waiting} borrowers wait while {now.leased} are out")
    if now.dropped:
        return Health(label, Status.DEGRADED, f"{now.dropped} leases were dropped without a release")
    return Health(label, Status.OK, f"{now.leased} of {now.maximum} out, {now.idle} idle")


def check_health(utilities: Iterable[Utility] | None = None) -> HealthReport:
    """Ask these utilities, or all that are alive, how they are.

    >>> from pytest_memguard.runtime import Cache
    >>> cache = Cache(max_items=10, name="users")
    >>> print(check_health([cache]))
    OK
      Cache 'users': OK, 0 of 10 items
    """
    asked = watched() if utilities is None else tuple(utilities)
    return HealthReport(tuple(map(health_of, asked)))
