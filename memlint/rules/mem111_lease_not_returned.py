"""MEM111 lease-not-returned."""

from __future__ import annotations

from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, edge, subject
from memlint.source.text import Source


class LeaseNotReturned(LossRule):
    """Something taken from a pool is not given back on some path."""

    code = "MEM111"
    name = "lease-not-returned"
    summary = "Something taken from a pool is not given back on some path."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Names the way out."""
        return f"{subject(record)} taken here is not given back {edge(source, record, outcome)}"
