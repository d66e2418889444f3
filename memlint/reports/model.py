"""What a run found, as one value that every format prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memlint.findings import Finding, RuleFacts, Skipped
from memlint.source import codes
from memlint.values import TYPE_CHECKING, dataclass, field

if TYPE_CHECKING:
    from memlint.rules import Rule


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or path about which nothing can be said, through no fault of its content."""

    path: str
    reason: str
    """``cannot be read: Permission denied``, or the internal error's type and words."""
    internal: bool = False
    """True when the fault is memlint's own."""
    trace: str = ""
    """The traceback, for ``--debug``."""


@dataclass(frozen=True, slots=True)
class SkippedFunction:
    """A function that was not judged, and its file."""

    path: str
    function: Skipped


@dataclass(frozen=True, slots=True)
class Report:
    """The whole outcome of a run; equal for equal input, whatever the number of processes."""

    findings: tuple[Finding, ...] = ()
    """By file, place, code and message."""
    failures: tuple[Failure, ...] = ()
    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Physical lines of the files that findings and their witnesses name."""
    files: int = 0
    """How many files were looked at."""
    suppressed: int = 0
    """Findings that a comment silences."""
    baselined: int = 0
    """Findings that the baseline knows."""
    skipped: tuple[SkippedFunction, ...] = ()
    rules: tuple[Rule | RuleFacts, ...] = ()
    """The rules that ran."""
    part: Mapping[str, object] | None = None
    """For the report of one shard: what joins it with the others."""

    def counts(self) -> dict[str, int]:
        """Findings by code, most frequent first."""
        found: dict[str, int] = {}
        for finding in self.findings:
            found[finding.code] = found.get(finding.code, 0) + 1
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def name(self, code: str) -> str:
        """The name of a finding's rule, or of one of the two codes that no rule bears."""
        own = {codes.UNPARSABLE: codes.UNPARSABLE_NAME, codes.UNUSED: codes.UNUSED_NAME}
        return own.get(code) or next((rule.name for rule in self.rules if rule.code == code), "unknown")


def shown(text: str) -> str:
    """A path or message as printable text: bytes that are no UTF-8 and control characters as ``\\xNN``."""
    return text if text.isprintable() else "".join(map(_shown_character, text))


def _shown_character(char: str) -> str:
    if char.isprintable():
        return char
    if "\udc80" <= char <= "\udcff":  # how Python keeps a byte that is no text
        return f"\\x{ord(char) - 0xDC00:02x}"
    return ascii(char)[1:-1]
