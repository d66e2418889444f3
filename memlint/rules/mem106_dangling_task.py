"""MEM106 dangling-task."""

from __future__ import annotations

from memlint.flow.sites import Outcome, SiteRecord
from memlint.rules.losses import LossRule, subject
from memlint.source.text import Source


class DanglingTask(LossRule):
    """A task is started and neither awaited, cancelled nor kept."""

    code = "MEM106"
    name = "dangling-task"
    summary = "A task is started and neither awaited, cancelled nor kept."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:  # noqa: ARG002 # the way out is plain
        """Names the way out."""
        return f"{subject(record)} is started here, and neither awaited nor kept"
