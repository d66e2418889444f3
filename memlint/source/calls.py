"""Which words a file calls and where, told from its bytes.

Everything starts from ``bytes.find``, which is some fifty times faster than a regular expression that has to be
tried at every byte; an expression looks only at the few places that were found.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cached_property, lru_cache
from typing import NamedTuple

from memlint.source.outliving import outlives
from memlint.source.quoted import Quoted

_NO_WORD = bytes(c if c == 95 or c >= 128 or chr(c).isalnum() else 32 for c in range(256))
"""Every byte that is part of no word becomes a space."""
_NO_WORD_NOR_CALL = _NO_WORD[:40] + b"(" + _NO_WORD[41:]
"""The same, but for the opening parenthesis."""
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_SMALL = 100_000
"""Bytes of a file in which lines are counted anew each time; in a larger one their ends are written down once."""
_OPENS = re.compile(rb"\s*\(")
_HEADER = re.compile(rb"(?<!\w)(def|class|with)[ \t]+(?:\w+\.)*\Z")
_CHAIN = re.compile(rb"((?:\.\w+)+)\s*\(")
_BEFORE_IMPORT = re.compile(rb"(?:^|[;:])[ \t]*(?:from[ \t\\\r\n]+(\.*)[ \t]*([\w.]*)[ \t\\\r\n]*)?\Z", re.MULTILINE)
_AFTER_IMPORT = re.compile(rb"[ \t]*(?:\(([^)]*)\)|([^\n#;\\]*+(?:\\(?:\r?\n)?[^\n#;\\]*+)*+))")
_WORDS = re.compile(rb"\w+")
_OWN = frozenset({b"self", b"cls"})
_COMMENT = re.compile(rb"#[^\n]*")
_NAME = re.compile(rb"([\w.]+)(?:\s+as\s+(\w+))?")


class Import(NamedTuple):
    """One ``from module import name as bound, ...``, or one module of an ``import``."""

    dots: bytes
    module: bytes
    names: tuple[tuple[bytes, bytes], ...] = ()
    """Each name with what it is bound to; none for an ``import``."""
    bound: bytes = b""
    """What an ``import`` binds: the (dotted) name by which the module is reached."""


class Called(NamedTuple):
    """How a word must be called for the call to count."""

    plainly: bool = True
    """By itself."""
    on_anything: bool = True
    """As a method, whatever it is called on."""
    owners: frozenset[bytes] = frozenset()
    """Modules as whose function it counts."""
    receivers: frozenset[bytes] = frozenset()
    """What the last word before the dot may be besides, in small letters and without underscores around it."""

    def joined(self, other: Called) -> Called:
        """Whatever counts for one of the two."""
        return Called(
            self.plainly or other.plainly,
            self.on_anything or other.on_anything,
            self.owners | other.owners,
            self.receivers | other.receivers,
        )


_ANYHOW = Called()


class Calls:
    """The words of one file; everything is worked out when it is first asked for, once."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._modules: dict[bytes, set[bytes]] = {}
        self.answers: dict[object, list[int]] = {}
        """The lines that were asked for, by who asked: a prefilter is asked for the same file more than once."""

    @cached_property
    def words(self) -> frozenset[bytes]:
        """Every word of the file, in comments and strings too."""
        return frozenset(self.data.translate(_NO_WORD).split())

    @cached_property
    def called(self) -> frozenset[bytes]:
        """Every word before an opening parenthesis, and some more; told three times faster than every word."""
        pieces = self.data.translate(_NO_WORD_NOR_CALL).split(b"(")[:-1]
        return frozenset([piece.rsplit(None, 1)[-1] for piece in pieces if piece and not piece.isspace()])

    @cached_property
    def quoted(self) -> Quoted:
        """The comments and strings of the file."""
        return Quoted(self.data)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import, in order; where bytes cannot tell, one too many (in a string, say)."""
        data = self.data
        found: list[Import] = []
        for at in self.places(b"import"):
            behind = at + len(b"import")
            after = _AFTER_IMPORT.match(data, behind)
            if after is not None:
                found += _imports_of(data[self._logical_start(at) : at], data[behind : after.end()])
        return tuple(found)

    @cached_property
    def roots(self) -> frozenset[bytes]:
        """The first words of the names of modules that are imported."""
        return frozenset(each.module.partition(b".")[0] for each in self.imports if not each.dots)

    @cached_property
    def renamed(self) -> dict[bytes, set[bytes]]:
        """Other names that imports give a word: what is imported, or the last word of a module."""
        found: dict[bytes, set[bytes]] = {}
        for each in self.imports:
            for name, bound in each.names or ((each.module, each.bound),):
                if bound != name:
                    found.setdefault(name.rpartition(b".")[2], set()).add(bound)
        return found

    def lines(
        self, words: Iterable[bytes], blocks: Set[bytes] = frozenset(), how: Mapping[bytes, Called] | None = None
    ) -> list[int]:
        """The lines (counted from 1) on which one of the words is called, in order; ``how`` may ask for more of some.

        The header of a definition is no call, nor is what stands in a comment or a string; nor counts a call of one of
        ``blocks`` that a ``with`` enters at once, unless what it entered seems to be used when the block has ended.
        """
        data = self.data
        found: set[int] = set()
        for word in self.called.intersection(words):
            called = _ANYHOW if how is None else how.get(word, _ANYHOW)
            for at in self.places(word):
                if _OPENS.match(data, at + len(word)) is None:
                    continue
                start = data.rfind(b"\n", 0, at) + 1
                if data[start:at].lstrip()[:1] == b"#" or not self._counts(word, at, called):
                    continue
                header = _HEADER.search(data, start, at)
                if (
                    header is None
                    or (header.group(1) == b"with" and (word not in blocks or outlives(data, header.start(1), at)))
                ) and not self.quoted.covers(at):
                    found.add(self.line_at(at))
        return sorted(found)

    def _counts(self, word: bytes, at: int, called: Called) -> bool:
        """Whether what stands before a word lets its call count."""
        data = self.data
        if data[at - 1 : at] != b".":
            return called.plainly or word in self._relative
        start = end = at - 1
        while start and data[start - 1] in _WORD:
            start -= 1
        owner = data[start:end]
        if not owner or owner[-1] >= 128:
            return True  # the result of an expression
        if owner in self._relative:
            return True  # the file may be part of a library that is known
        if owner.strip(b"_").lower() in called.receivers:
            return True
        if owner in _OWN and data[start - 1 : start] != b".":
            return owner + b":" in data  # what this object inherits is followed by its class
        return called.on_anything or any(owner in self._names_of(module) for module in called.owners)

    @cached_property
    def _relative(self) -> frozenset[bytes]:
        """What imports from the file's own package bind."""
        return frozenset(bound for each in self.imports if each.dots for _, bound in each.names)

    def _names_of(self, module: bytes) -> set[bytes]:
        """The names by which a module is reached: its own, those that an import gives it, and those assigned."""
        known = self._modules.get(module)
        if known is None:
            known = self._modules[module] = {module, *self.renamed.get(module, ())}
            for at in self.places(module):
                before = self.data[max(0, at - 80) : at].rstrip(b" \t")
                if before[-1:] == b"=":
                    known.update(_WORDS.findall(before)[-1:])
        return known

    def lines_with(self, word: bytes) -> list[int]:
        """The lines on which a word stands, in comments and strings too."""
        return [self.line_at(at) for at in self.places(word)]

    def read_lines(self, words: Iterable[bytes]) -> list[int]:
        """The lines on which one of the words is read as an attribute: a property has no parentheses."""
        data = self.data
        found: set[int] = set()
        for word in set(words):
            found.update(self.line_at(at) for at in self.places(word) if at and data[at - 1] == 46)
        return sorted(found)

    def members(self, name: bytes) -> set[bytes]:
        """What is called through a (dotted) name: ``.path.join`` for ``os`` in ``os.path.join(...)``."""
        chains = (_CHAIN.match(self.data, at + len(name)) for at in self.places(name))
        return {chain.group(1) for chain in chains if chain is not None}

    def line_at(self, at: int) -> int:
        """The line (counted from 1) of a byte."""
        if len(self.data) < _SMALL:
            return self.data.count(b"\n", 0, at) + 1
        return bisect_left(self._ends, at) + 1

    @cached_property
    def _ends(self) -> list[int]:
        ends, at, data = [], self.data.find(b"\n"), self.data
        while at >= 0:
            ends.append(at)
            at = data.find(b"\n", at + 1)
        return ends

    def places(self, word: bytes) -> Iterator[int]:
        """Where a word stands as a whole, in comments and strings too."""
        data, length, size = self.data, len(word), len(self.data)
        at = data.find(word) if word else -1
        while at >= 0:
            after = at + length
            if (not at or data[at - 1] not in _WORD) and (after >= size or data[after] not in _WORD):
                yield at
            at = data.find(word, after)

    def _logical_start(self, at: int) -> int:
        """Where the line of a byte begins; a backslash joins it to the one before."""
        data = self.data
        start = data.rfind(b"\n", 0, at) + 1
        while start > 1 and data[start - 2] in b"\\\r" and data[:start].endswith((b"\\\n", b"\\\r\n")):
            start = data.rfind(b"\n", 0, start - 1) + 1
        return start


@lru_cache(maxsize=2048)
def _imports_of(before: bytes, after: bytes) -> tuple[Import, ...]:
    """What one statement imports, by its text before and behind ``import``: many files say the same."""
    head, tail = _BEFORE_IMPORT.search(before), _AFTER_IMPORT.match(after)
    if head is None or tail is None:
        return ()
    listed = tail.group(1) or tail.group(2) or b""
    if b"#" in listed:
        listed = _COMMENT.sub(b"", listed)
    names = [(match.group(1), match.group(2) or b"") for match in _NAME.finditer(listed)]
    if head.group(1) is None:
        return tuple([Import(b"", name, (), other or name) for name, other in names])
    return (Import(head.group(1), head.group(2), tuple([(name, other or name) for name, other in names])),)


@lru_cache(maxsize=48)
def calls_of(data: bytes) -> Calls:
    """The calls of a file; those of the last few are kept, for the prefilter and the analysis ask for the same."""
    return Calls(data)
