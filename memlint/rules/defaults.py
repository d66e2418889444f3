"""Whether a function may add to a container that is a parameter's default, told from the bytes of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from memlint.source.calls import Calls, calls_of

_CONTAINER = rb"=\s*(?:[\[{]|(?:\w+\.)?(?:list|dict|set|bytearray|defaultdict|OrderedDict|Counter|deque)\s*\()"
_ONE_LINE = rb"'[^'\\\r\n]*+'|\"[^\"\\\r\n]*+\"|#[^\r\n]*+|['\"]"
"""A string, a comment, or a quote of a longer string."""
_INNERMOST = rb"\((?:[^()'\"#]++|%b)*+\)" % _ONE_LINE
_INNER = rb"\((?:[^()'\"#]++|%b|%b)*+\)" % (_ONE_LINE, _INNERMOST)
_OUTER = rb"\((?:[^()'\"#]++|%b|%b)*+\)" % (_ONE_LINE, _INNER)
_HEADER = re.compile(rb"def\s+\w+\s*\((?:[^()='\"#]++|%b|%b|(?!%b)=)*+%b" % (_ONE_LINE, _OUTER, _CONTAINER, _CONTAINER))
"""The beginning of a function's header, up to the first container."""
_BRACKET = re.compile(rb"[()\[\]{}]")
_PARAMETER = re.compile(rb"(\w+)[\s\\]*(?:%b|:)" % _CONTAINER)
"""A parameter that has a container, or an annotation before it."""
_IN_INDEX = rb"[^\[\]\r\n]*+(?:\[[^\[\]\r\n]*+\][^\[\]\r\n]*+)*+"
_STORED = rb"\[%b(?:\][ \t]*(?:=(?!=)|[-+*/%%&|^@<>]{1,2}=|[.,:)\]\\])|[\[\r\n])" % _IN_INDEX
"""An index that may be stored at, or the beginning of one that is not easily read."""
_GAP = rb"(?:[\s\\)]|#[^\r\n]*+)*+"


@dataclass(frozen=True)
class DefaultThatGrows:
    """A function with a container in its header, and a use of a parameter that may add to it."""

    methods: tuple[str, ...]
    """Methods that add to a container."""

    def search(self, data: bytes, /) -> bool:
        """Whether there may be one."""
        return any(self._grows(calls_of(data), found) for found in _HEADER.finditer(data))

    def _grows(self, calls: Calls, header: re.Match[bytes]) -> bool:
        data = calls.data
        end = _closed(calls, header.start())
        names = set(_PARAMETER.findall(data, header.start(), end))
        added = self._added.finditer(data, end, _next_definition(calls, header.start(), end))
        return any(found.group(1) in names and not calls.quoted.covers(found.start()) for found in added)

    @cached_property
    def _added(self) -> re.Pattern[bytes]:
        """A name that may be added to: by a method, by ``+=`` or ``|=``, or at an index."""
        methods = "|".join(self.methods).encode()
        return re.compile(rb"(?<![\w.])(\w+)%b(?:\.%b(?:%b)\b|%b|[+|]=)" % (_GAP, _GAP, methods, _STORED))


def _closed(calls: Calls, start: int) -> int:
    """Where the parenthesis that is opened behind ``start`` is closed."""
    depth = 0
    for found in _BRACKET.finditer(calls.data, start):
        if not calls.quoted.covers(found.start()):
            depth += 1 if found.group() in b"([{" else -1
            if not depth:
                return found.end()
    return len(calls.data)


def _next_definition(calls: Calls, start: int, end: int) -> int:
    """Where the next definition begins that does not stand in the one at ``start``, which has its body at ``end``."""
    data = calls.data
    line = data[data.rfind(b"\n", 0, start) + 1 : start]
    depth = len(line) - len(line.lstrip(b" \t"))
    ends = re.compile(rb"^[ \t]{0,%d}(?:async|class|def)\b" % depth, re.MULTILINE)
    return next((m.start() for m in ends.finditer(data, end) if not calls.quoted.covers(m.end() - 1)), len(data))
