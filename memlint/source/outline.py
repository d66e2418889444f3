"""What a module defines at its top level and what it imports, told from its bytes, without parsing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cached_property

from memlint.source.calls import Calls, calls_of

_TOP = re.compile(rb"\n(?:(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|[^\s#)\]}'\"])")
"""The beginning of what stands at the top level, behind the end of a line: ``^`` would be tried at every byte."""
_INDENTED = re.compile(rb"^([ \t]+)(?:(raise)\b|[^\s#])", re.MULTILINE)
_RETURNED = re.compile(rb"\breturn\b[ \t]*[^\s#;]")
_ENDS = re.compile(rb"\bdef[ \t]+(?:close|aclose|shutdown|stop|disconnect|terminate|quit|__a?exit__)\b")
"""Methods by which an object gives back what its constructor acquired."""
_HANDED = re.compile(rb"^[ \t]+(?:return[ \t]+|(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*)(\w+(?:\.\w+)*)[ \t]*\(", re.MULTILINE)
"""A call whose result is returned, or gets a name."""
_GIVEN = re.compile(rb"\breturn\b([^\n#]*)")
_NAMES = re.compile(rb"(?<![\w.])(\w+)(?![\w.(\[])")
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
        found: dict[str, tuple[int, int]] = {}
        position, line = 0, 1
        for name, (start, end) in self._blocks.items():
            first = line + self.data.count(b"\n", position, start)
            position, line = end, first + self.data.count(b"\n", start, end)
            found[name] = first, line - (end > start and self.data[end - 1 : end] == b"\n")
        return found

    @cached_property
    def _blocks(self) -> dict[str, tuple[int, int]]:
        """Where the text of each definition begins and ends; of two with one name the last."""
        found: dict[str, tuple[int, int]] = {}
        starts = [(match.group(1), match.start()) for match in _TOP.finditer(b"\n" + self.data)]
        for (name, start), (_, end) in itertools.pairwise([*starts, (None, len(self.data))]):
            if name is not None:
                found.pop(name.decode(), None)  # in order of place
                found[name.decode()] = start, end
        return found

    @cached_property
    def imported(self) -> frozenset[str]:
        """Every name that an import binds, anywhere in the module."""
        names = (bound for each in self.calls.imports for _, bound in each.names)
        return frozenset(name.decode() for name in names)

    @cached_property
    def bound(self) -> dict[str, tuple[int, str]]:
        """What each name that an import binds stands for: the dots before it, and its (dotted) name."""
        found: dict[str, tuple[int, str]] = {}
        for each in self.calls.imports:
            module, bound = each.module.decode(), each.bound.decode()
            for name, other in each.names:
                found[other.decode()] = len(each.dots), f"{module}.{name.decode()}" if module else name.decode()
            if not each.names:
                whole = bound == module  # `import a.b` binds `a`
                top = module.partition(".")[0]
                found[top if whole else bound] = 0, top if whole else module
        return found

    def handed(self, name: str) -> Iterator[tuple[str, int]]:
        """The (dotted) names that a function calls and whose results it returns, it seems, each with its line."""
        start, end = self._blocks[name]
        returned: set[bytes] | None = None
        for match in _HANDED.finditer(self.data, start, end):
            if match.group(1) is not None:
                if returned is None:
                    texts = b" ".join(_GIVEN.findall(self.data, start, end))
                    returned = set(_NAMES.findall(texts))
                if match.group(1) not in returned:
                    continue
            line = self.definitions[name][0] + self.data.count(b"\n", start, match.start(2))
            yield match.group(2).decode(), line

    def may_give(self, name: str) -> bool:
        """Whether a definition could hand its caller a resource, if it acquired one.

        A function must return something by ``return``, and at once; a class must acquire in a constructor of its own
        and have a method that releases.
        """
        block = self._block(name)
        if block.startswith(b"class"):
            return _INIT.search(block) is not None and _ENDS.search(block) is not None
        return block.startswith(b"def") and _RETURNED.search(block) is not None

    def asynchronous(self, name: str) -> bool:
        """Whether a definition is a coroutine function."""
        return self._block(name).startswith(b"async")

    def _block(self, name: str) -> bytes:
        start, end = self._blocks[name]
        return self.data[start:end]

    def surely_returns(self, name: str) -> bool:
        """Whether a function, or a class's own constructor, is no function that can only raise.

        False also where that cannot be told from its bytes.
        """
        block = self._block(name)
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
