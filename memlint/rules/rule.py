"""What a rule is: a code, a name, when it is on, and a reader of the finished analysis."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import ClassVar, Protocol

from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis


class Default(enum.Enum):
    """Who sees a rule's findings."""

    ON = "on"
    """Everyone: at least 95 in 100 of its findings were accepted by a reader of real code."""
    PREVIEW = "preview"
    """Those who ask for previews or select the rule by name."""
    OFF = "off"
    """Those who select it: a matter of style or of policy."""


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
