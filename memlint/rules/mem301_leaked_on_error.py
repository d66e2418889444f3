"""MEM301 leaked-on-error."""

from __future__ import annotations

from typing import ClassVar

from memlint.findings import Severity
from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, exit_clause, subject
from memlint.source.text import Source


class LeakedOnError(LossRule):
    """A resource is lost when something raises, is cancelled, or is abandoned."""

    code = "MEM301"
    name = "leaked-on-error"
    summary = "A resource is lost when something raises, is cancelled, or is abandoned."
    severity: ClassVar[Severity] = Severity.WARNING

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Names the line that raises."""
        return f"{subject(record)} acquired here is not released if {exit_clause(source, outcome)}"
