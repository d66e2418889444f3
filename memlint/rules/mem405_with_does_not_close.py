"""MEM405 with-does-not-close."""

from __future__ import annotations

from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, edge, subject
from memlint.source.text import Source


class WithDoesNotClose(LossRule):
    """A block ends a transaction and leaves the connection open."""

    code = "MEM405"
    name = "with-does-not-close"
    summary = "A with block enters something that it does not close, and nothing else does."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Says what the block does instead."""
        end = edge(source, record, outcome)
        return f"{subject(record)} is not closed by its block, which ends a transaction, nor closed {end}"
