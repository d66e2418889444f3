"""One file's text beside its tree, and the places of nodes in characters."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from memlint.findings import Span
from memlint.source.calls import Calls, calls_of


@dataclass(frozen=True, eq=False)
class Source:
    """A parsed file; two are never the same one, for to compare the lines of both costs more than to read one anew."""

    path: str
    """As the user named it, or as found under the folder that the user named."""
    text: str
    tree: ast.Module
    lines: tuple[str, ...]
    """Physical lines without their ends, as Python's tokenizer divides them (form feeds do not)."""

    @cached_property
    def data(self) -> bytes:
        """The text as UTF-8."""
        return self.text.encode("utf-8", "surrogatepass")

    @property
    def calls(self) -> Calls:
        """What the file calls, told from its bytes."""
        return calls_of(self.data)

    def span(self, node: ast.AST) -> Span:
        """Where ``node`` stands; ``ast`` counts columns in UTF-8 bytes, a span in characters."""
        line: int = getattr(node, "lineno", 1)
        end_line: int = getattr(node, "end_lineno", None) or line
        start: int = getattr(node, "col_offset", 0)
        end: int = getattr(node, "end_col_offset", None) or start
        return Span(line, self._characters(line, start), end_line, self._characters(end_line, end))

    def _characters(self, line: int, utf8_offset: int) -> int:
        if not 1 <= line <= len(self.lines):
            return utf8_offset
        text = self.lines[line - 1]
        if text.isascii():
            return utf8_offset
        return len(text.encode("utf-8", "surrogatepass")[:utf8_offset].decode("utf-8", "ignore"))
