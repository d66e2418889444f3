"""MEM101 unreleased-resource."""

from __future__ import annotations

from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, edge, subject
from memlint.source.text import Source


class UnreleasedResource(LossRule):
    """A resource is not released on some normal path."""

    code = "MEM101"
    name = "unreleased-resource"
    summary = "A resource is not released on some normal path."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Names the way out."""
        return f"{subject(record)} acquired here is not released {edge(source, record, outcome)}"
