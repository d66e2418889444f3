"""What a test left, parted: what fails, what is allowed and why, what is only noted."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..allowed import LIMITS, Allowance, split, within
from ..guard import moded
from ..reports.record import Record, record
from ..verdict import Finding, Verdict
from .marks import Terms


@dataclass(slots=True)
class Sorted:
    """A test's findings."""

    failing: list[Finding] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    """All of them, as they travel with the test's last report."""

    @property
    def own(self) -> list[Finding]:
        """What fails the test itself."""
        return [finding for finding in self.failing if finding.owner.role != "fixture"]

    @property
    def of_fixtures(self) -> list[Finding]:
        """What a wider fixture left whose tear-down came with this test's."""
        return [finding for finding in self.failing if finding.owner.role == "fixture"]


class Sorter:
    """Knows what is allowed today."""

    def __init__(self, today: datetime.date, baseline: str, known: frozenset[str]) -> None:
        self._today = today
        self._baseline = baseline
        self._known = known

    def sort(self, test: str, terms: Terms, findings: Sequence[Finding]) -> Sorted:
        """Part what a test left; most leave nothing."""
        if not findings:
            return Sorted()
        settings = terms.settings
        counted, allowed = split(moded(findings, settings), terms.allowances, self._today)
        limits = within(counted, {name: getattr(settings, name) for name in LIMITS}, settings.growth)
        allowed += limits
        counted = [each for each in counted if each not in [finding for finding, _ in limits]]
        old = [each for each in counted if each.fingerprint in self._known]
        allowed += [(each, Allowance(each.kind, f"in the baseline {self._baseline}")) for each in old]
        counted = [each for each in counted if each not in old]
        failing = [
            each for each in counted if not each.advisory and (each.verdict is Verdict.LEAKING or settings.strict)
        ]
        records = [
            *(record(test, each, fails=each in failing) for each in counted),
            *(record(test, each, fails=False, allowed=str(why)) for each, why in allowed),
        ]
        return Sorted(failing, records)
