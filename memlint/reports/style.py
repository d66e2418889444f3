"""Colour, where the reader's terminal and wishes allow it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from memlint.findings import Severity
from memlint.values import TYPE_CHECKING, dataclass

if TYPE_CHECKING:
    from typing import IO

_SEVERITY = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}


@dataclass(frozen=True, slots=True)
class Style:
    """Whether to colour; each method returns its text, coloured or as it is."""

    colour: bool = False

    @classmethod
    def of(cls, stream: IO[str], environment: Mapping[str, str] = os.environ) -> Style:
        """The style for a stream: ``NO_COLOR`` says no, then ``FORCE_COLOR`` yes, then a terminal yes."""
        if environment.get("NO_COLOR"):
            return cls(False)
        if environment.get("FORCE_COLOR"):
            return cls(True)
        return cls(stream.isatty() and environment.get("TERM") != "dumb")

    def strong(self, text: str) -> str:
        """What the eye should find first."""
        return self._wrap("1", text)

    def faint(self, text: str) -> str:
        """Gutters and separators."""
        return self._wrap("2", text)

    def graded(self, severity: Severity, text: str) -> str:
        """Text in the colour of a severity."""
        return self._wrap(_SEVERITY[severity], text)

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text
