"""What a rule is: a code, a name, when it is on, and a reader of the finished analysis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol

from memlint.findings import Default, Finding, Severity
from memlint.flow.analysis import Analysis


class Rule(Protocol):
    """One check.  It reads the analysis and never walks a tree for what the analysis knows."""

    code: ClassVar[str]
    name: ClassVar[str]
    """Reads after "allow": ``unreleased-resource``."""
    summary: ClassVar[str]
    """One line for ``memlint rules``."""
    severity: ClassVar[Severity]
    default: ClassVar[Default]

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """The findings of this rule in one file, in any order."""
        ...


__all__ = ["Default", "Rule"]
