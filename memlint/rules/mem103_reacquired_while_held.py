"""MEM103 reacquired-while-held."""

from __future__ import annotations

from memlint.flow.sites import Outcome, SiteRecord
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
