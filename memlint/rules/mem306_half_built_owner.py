"""MEM306 half-built-owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis, UnitReport
from memlint.flow.sites import Fate
from memlint.rules.definitions import definitions
from memlint.rules.losses import exit_clause, finding
from memlint.rules.rule import Default


class HalfBuiltOwner:
    """Reads the sites that a constructor stored in a field and then lost by raising."""

    code: ClassVar[str] = "MEM306"
    name: ClassVar[str] = "half-built-owner"
    summary: ClassVar[str] = (
        "A constructor acquires into a field and may raise afterwards, so nobody gets the object that could be closed."
    )
    severity: ClassVar[Severity] = Severity.WARNING
    default: ClassVar[Default] = Default.PREVIEW

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding a site."""
        for report in analysis.units:
            if any(record.outcomes.get(Fate.HALF_BUILT) for record in report.records) and _finalized(analysis, report):
                continue
            fields = {store.site: f"{store.owner}.{store.attribute}" for store in report.stores}
            for index, record in enumerate(report.records):
                outcome = record.outcomes.get(Fate.HALF_BUILT)
                if outcome is not None and not record.site.kind.wanted:
                    field = fields.get(index, record.site.text)
                    message = f"`{field}` acquired here is not released if {exit_clause(analysis.source, outcome)}"
                    yield finding(analysis, report, record, outcome, self.code, message, self.severity)


def _finalized(analysis: Analysis, report: UnitReport) -> bool:
    """Whether the class has a ``__del__``, which is called on a half-built object too."""
    return any(
        each.symbol == report.unit.owner and "__del__" in each.methods for each in definitions(analysis.source).classes
    )
