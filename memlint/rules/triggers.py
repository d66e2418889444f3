"""What tells from a file's bytes whether a rule about structure may find anything in it.

A trigger may let in a file without a finding, which costs a tree; it never leaves one out that has a finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from memlint.source.calls import Calls, calls_of

_COROUTINE = re.compile(rb"async[ \t]+def\b")
_WITH = re.compile(rb"(?<![^\r\n])[ \t\f]*with\b")
_ASYNC_WITH = re.compile(rb"async[\s\\]+with\b")


class Trigger(Protocol):
    """A pattern, some words, or more than that."""

    def search(self, data: bytes, /) -> object:
        """Something true when the rule may find something."""
        ...


@dataclass(frozen=True, slots=True)
class AnyWord:
    """One of several words, anywhere: ten times faster than a pattern of alternatives."""

    words: tuple[bytes, ...]

    def search(self, data: bytes, /) -> bool:
        """Whether one stands in the data."""
        return any(word in data for word in self.words)


@dataclass(frozen=True, slots=True)
class AnyWordOf:
    """One of several words in the code of a file that imports one of some libraries."""

    roots: frozenset[bytes]
    words: tuple[bytes, ...]

    def search(self, data: bytes, /) -> bool:
        """Whether one stands in the code, and a library is imported."""
        calls = calls_of(data)
        return not self.roots.isdisjoint(calls.roots) and any(_in_code(calls, word) for word in self.words)


@dataclass(frozen=True)
class WrongBlock:
    """A coroutine function, and a block whose colour is not that of something that the file names."""

    asynchronous: frozenset[str]
    """Qualified names of what only ``async with`` can enter."""
    synchronous: frozenset[str]
    """Qualified names of what only ``with`` can enter."""

    def search(self, data: bytes, /) -> bool:
        """Whether both are there."""
        calls = calls_of(data)
        for names, block in ((self.asynchronous, _WITH), (self.synchronous, _ASYNC_WITH)):
            if _names_any(calls, names) and block.search(data) and _COROUTINE.search(data):
                return True
        return False


def _in_code(calls: Calls, word: bytes) -> bool:
    """Whether a word, or a longer one that holds it, stands outside comments and strings."""
    at = calls.data.find(word)
    while at >= 0 and calls.quoted.covers(at):
        at = calls.data.find(word, at + len(word))
    return at >= 0


def _names_any(calls: Calls, qualified: frozenset[str]) -> bool:
    """Whether a file imports the library of one of some names, and says the name's last word."""
    return any(
        name.partition(".")[0].encode() in calls.roots and name.rpartition(".")[2].encode() in calls.data
        for name in qualified
    )
