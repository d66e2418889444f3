"""MEM110 lock-not-released."""

from __future__ import annotations

from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, edge, subject
from memlint.source.text import Source


class LockNotReleased(LossRule):
    """A lock stays locked on some path."""

    code = "MEM110"
    name = "lock-not-released"
    summary = "A lock stays locked on some path."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Names the way out."""
        return f"{subject(record)} locked here is not released {edge(source, record, outcome)}"
