"""MEM103 reacquired-while-held."""

from __future__ import annotations

from collections.abc import Iterator

from memlint.findings import Finding
from memlint.flow.analysis import Analysis
from memlint.flow.owners import FieldFault
from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.fields import field_finding
from memlint.rules.losses import LossRule, edge, subject
from memlint.source.text import Source


class ReacquiredWhileHeld(LossRule):
    """The last name of a held resource is bound to something else or deleted."""

    code = "MEM103"
    name = "reacquired-while-held"
    summary = "The last name of a held resource is bound to something else or deleted."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Names the way out."""
        return f"{subject(record)} acquired here is not released {edge(source, record, outcome)}"

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding a site: a variable's, or a field's that a method stores over."""
        yield from super().check(analysis)
        for loss in analysis.fields:
            if loss.fault is FieldFault.REPLACED:
                message = f"`{loss.field}` acquired here replaces what the constructor acquired, and did not release"
                yield field_finding(analysis, loss, self.code, message, self.severity)
