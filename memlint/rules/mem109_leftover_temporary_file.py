"""MEM109 leftover-temporary-file."""

from __future__ import annotations

from typing import ClassVar

from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, edge, subject
from memlint.rules.rule import Default
from memlint.source.text import Source


class LeftoverTemporaryFile(LossRule):
    """A temporary file or folder stays on disk."""

    code = "MEM109"
    name = "leftover-temporary-file"
    summary = "A temporary file or folder stays on disk."
    default: ClassVar[Default] = Default.PREVIEW

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Names the way out."""
        return f"{subject(record)} stays on disk: it is not removed {edge(source, record, outcome)}"
