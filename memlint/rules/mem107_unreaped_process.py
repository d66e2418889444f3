"""MEM107 unreaped-process."""

from __future__ import annotations

from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, edge, subject
from memlint.source.text import Source


class UnreapedProcess(LossRule):
    """A child process is started and its end is never waited for."""

    code = "MEM107"
    name = "unreaped-process"
    summary = "A child process is started and its end is never waited for."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Names the way out."""
        return f"{subject(record)} is started here, and its end is not waited for {edge(source, record, outcome)}"
