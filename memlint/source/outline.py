"""What a module defines at its top level and what it imports, told from its bytes, without parsing."""

from __future__ import annotations

import itertools
import re
from functools import cached_property

from memlint.source.calls import Calls, calls_of

_TOP = re.compile(rb"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^[^\s#)\]}'\"]", re.MULTILINE)
_INDENTED = re.compile(rb"^([ \t]+)(?:(raise)\b|[^\s#])", re.MULTILINE)
_INIT = re.compile(rb"^([ \t]+)def __init__\b", re.MULTILINE)


class Outline:
    """The definitions of one module with their lines."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def calls(self) -> Calls:
        """What the module calls."""
        return calls_of(self.data)

    @cached_property
    def definitions(self) -> dict[str, tuple[int, int]]:
        """The top-level functions and classes with their first and last lines (counted from 1)."""
        starts: list[tuple[bytes | None, int]] = []
        position, line = 0, 1
        for match in _TOP.finditer(self.data):
            line += self.data.count(b"\n", position, match.start())
            position = match.start()
            starts.append((match.group(1), line))
        starts.append((None, line + self.data.count(b"\n", position) + 1))
        return {
            name.decode(): (first, after - 1)
            for (name, first), (_, after) in itertools.pairwise(starts)
            if name is not None
        }

    @cached_property
    def imported(self) -> frozenset[str]:
        """Every name that an import binds, anywhere in the module."""
        names = (bound for each in self.calls.imports for _, bound in each.names)
        return frozenset(name.decode() for name in names)

    def surely_returns(self, name: str) -> bool:
        """Whether a function, or a class's own constructor, is no function that can only raise.

        False also where that cannot be told from its bytes.
        """
        first, last = self.definitions[name]
        block = b"\n".join(self.data.split(b"\n")[first - 1 : last])
        if block.startswith(b"class"):
            start = _INIT.search(block)
            if start is None:
                return False  # the constructor is inherited, or there is none
            rest = block[start.end() :]
            after = re.search(rb"^%s[^\s#)]" % start.group(1), rest, re.MULTILINE)
            block = rest if after is None else rest[: after.start()]
        if b"raise" not in block:
            return True
        lines = [(len(match.group(1)), match.group(2)) for match in _INDENTED.finditer(block)]
        outermost = min((indent for indent, _ in lines), default=0)
        return not any(indent == outermost and raises for indent, raises in lines)
