"""MEM108 unjoined-worker."""

from __future__ import annotations

from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, edge, subject
from memlint.source.text import Source


class UnjoinedWorker(LossRule):
    """A thread, executor or worker pool is started and never joined or shut down."""

    code = "MEM108"
    name = "unjoined-worker"
    summary = "A thread, executor or worker pool is started and never joined or shut down."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Names the way out."""
        return f"{subject(record)} is started here, and not shut down or joined {edge(source, record, outcome)}"
