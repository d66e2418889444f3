"""MEM102 discarded-resource."""

from __future__ import annotations

from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, subject
from memlint.source.text import Source


class DiscardedResource(LossRule):
    """A resource is used and dropped without a name, so nothing can release it."""

    code = "MEM102"
    name = "discarded-resource"
    summary = "A resource is used and dropped without a name, so nothing can release it."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:  # noqa: ARG002 # the way out is plain
        """Names the way out."""
        return f"{subject(record)} is dropped without a name, and not released"
