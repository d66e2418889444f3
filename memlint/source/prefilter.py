"""Which bytes of a file could acquire anything: most files and most functions are done without a look."""

from __future__ import annotations

import re
from collections.abc import Iterable


class Prefilter:
    """One compiled pattern over the last words of all names that acquire.

    A hit is such a word followed by an opening parenthesis, or given another name by ``as`` (an import alias).
    """

    def __init__(self, names: Iterable[str]) -> None:
        words = sorted({re.escape(name.rpartition(".")[2]) for name in names})
        self._words = frozenset(words)
        every = "|".join(words)
        self._pattern = re.compile(rf"\b(?:{every})(?:\s*\(|\s+as\b)".encode()) if words else None

    def may_hold(self, data: bytes) -> bool:
        """Whether the file is worth parsing."""
        return self._pattern is not None and self._pattern.search(data) is not None

    def lines(self, data: bytes) -> list[int]:
        """The lines (from 1) with a hit, in order; an import alias makes every line of the file one."""
        if self._pattern is None:
            return []
        lines: list[int] = []
        position, line = 0, 1
        for match in self._pattern.finditer(data):
            line += data.count(b"\n", position, match.start())
            position = match.start()
            if not match.group().endswith(b"("):
                return list(range(1, data.count(b"\n") + 2))
            if not lines or lines[-1] != line:
                lines.append(line)
        return lines
