"""Places as a client counts them: lines from 0, columns in the units that were agreed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from memlint.findings import Span

UNITS: Mapping[str, Callable[[str], int]] = {
    "utf-32": len,
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
}
"""The position encodings of the protocol, best first: our columns are characters, which is UTF-32."""


class Places:
    """Turns spans into a client's ranges and back."""

    def __init__(self, encoding: str = "utf-16") -> None:
        self.encoding = encoding
        self._size = UNITS[encoding]

    def range(self, span: Span, lines: Sequence[str]) -> dict[str, dict[str, int]]:
        """A span as the protocol's range."""
        return {
            "start": self._position(span.line, span.column, lines),
            "end": self._position(span.end_line, span.end_column, lines),
        }

    def _position(self, line: int, column: int, lines: Sequence[str]) -> dict[str, int]:
        text = lines[line - 1] if 1 <= line <= len(lines) else ""
        return {"line": max(line - 1, 0), "character": self._size(text[:column])}


def overlap(left: Mapping[str, Mapping[str, int]], right: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether two ranges share a place; their ends count."""

    def place(position: Mapping[str, int]) -> tuple[int, int]:
        return position["line"], position["character"]

    return place(left["start"]) <= place(right["end"]) and place(right["start"]) <= place(left["end"])
