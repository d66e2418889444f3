"""What came of one file, and everything that it rests on."""

from __future__ import annotations

from memlint.findings import Finding, Skipped
from memlint.reports.excerpt import Excerpt
from memlint.reports.model import Failure
from memlint.values import TYPE_CHECKING, dataclass, field

if TYPE_CHECKING:
    from typing import TypeAlias

Fact: TypeAlias = tuple[str, str | None]
"""A path from a project's root with ``/``, and the digest of what the file holds: None where there is no file, empty
where its content does not count."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a result rests on, beside memlint itself and the settings."""

    root: str
    """The folder that holds the file's top package."""
    path: str
    """The file's place below it, with ``/``."""
    digest: str
    """Of the file's bytes."""
    facts: tuple[Fact, ...] = ()
    """The other files that were looked at, or looked for."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one file."""

    path: str
    findings: tuple[Finding, ...] = ()
    texts: tuple[tuple[str, Excerpt], ...] = ()
    """Of each file (each cell of a notebook) that the findings and their witnesses name, the lines to show."""
    suppressed: int = 0
    skipped: tuple[Skipped, ...] = ()
    failure: Failure | None = None
    seconds: float = field(default=0.0, compare=False)
    grounds: Grounds | None = field(default=None, compare=False)
    """None where nobody asked for them, or where they cannot be told."""
