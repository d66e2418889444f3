"""MEM101 unreleased-resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from memlint.findings import Finding
from memlint.flow.analysis import Analysis
from memlint.flow.sites import Fate, Outcome, SiteRecord
from memlint.rules.losses import LossRule, edge, finding, subject
from memlint.source.text import Source


class UnreleasedResource(LossRule):
    """A resource is not released on some normal path."""

    code = "MEM101"
    name = "unreleased-resource"
    summary = "A resource is not released on some normal path."

    def message(self, source: Source, record: SiteRecord, outcome: Outcome) -> str:
        """Names the way out."""
        return f"{subject(record)} acquired here is not released {edge(source, record, outcome)}"

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding a site; as previews also what is released and owes something besides."""
        yield from super().check(analysis)
        for report in analysis.units:
            for record in report.records:
                missing = _owed_besides(record, analysis.source)
                if missing is not None:
                    message = (
                        f"{subject(record)} acquired here is released, and nothing in this file calls its `{missing}`"
                    )
                    outcome = record.outcomes[Fate.RELEASED]
                    yield replace(
                        finding(analysis, report, record, outcome, self.code, message, self.severity), preview=True
                    )


def _owed_besides(record: SiteRecord, source: Source) -> str | None:
    """The method that whoever acquires in this way has to call too, when the whole file calls it nowhere."""
    entry = record.site.entry
    if entry is None or not entry.also or set(record.outcomes) - {Fate.RAISED} != {Fate.RELEASED}:
        return None
    return next((name for name in entry.also if f".{name}(" not in source.text), None)
