"""Rules about fields: what a class acquires and never releases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from memlint.findings import Finding, Severity, Step, StepKind
from memlint.flow.analysis import Analysis
from memlint.flow.owners import FieldFault, FieldLoss
from memlint.rules.losses import statement_of
from memlint.rules.rule import Default


class FieldRule:
    """A rule that reads the fields with one fault."""

    code: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    default: ClassVar[Default] = Default.ON
    fault: ClassVar[FieldFault]

    def message(self, loss: FieldLoss) -> str:
        """One line: the field first."""
        raise NotImplementedError

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """One finding an acquisition."""
        for loss in analysis.fields:
            if loss.fault is self.fault:
                yield field_finding(analysis, loss, self.code, self.message(loss), self.severity)


def field_finding(analysis: Analysis, loss: FieldLoss, code: str, message: str, severity: Severity) -> Finding:
    """A finding at the acquiring expression."""
    source = analysis.source
    span = source.span(loss.record.site.node)
    return Finding(
        code=code,
        path=source.path,
        span=span,
        message=message,
        severity=severity,
        symbol=loss.unit.symbol,
        witness=(
            Step(StepKind.ACQUIRE, span, "acquired here"),
            Step(StepKind.LOSE, span, f"kept in `{loss.field}`, which nothing in this file releases"),
        ),
        statement=statement_of(source, loss.unit.node, loss.record),
        preview=loss.record.site.kind.preview,
    )
