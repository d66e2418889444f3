"""Which lines of a file could acquire anything, told from its bytes: most files are done without a look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_IMPORTS = re.compile(rb"(?:^|;)[ \t]*(?:from[ \t]+([\w.]+)|import[ \t]+([\w., \t]+))", re.MULTILINE)


class Prefilter:
    """The last words of all names that acquire, by the library that must be imported for them to mean anything.

    A hit is such a word followed by an opening parenthesis; a word that an import gives another name (``as``) is
    looked for under that name too.
    """

    def __init__(
        self,
        qualified: Iterable[str],
        methods: Iterable[str],
        aliases: Mapping[str, str],
        blocks: Iterable[str] = (),
    ) -> None:
        """Take qualified names, bare method names, other spellings of prefixes of the qualified names, and the
        qualified names whose result is surely released when they are what a ``with`` enters.
        """
        blocks = set(blocks)
        words = {name.rpartition(".")[2].encode() for name in blocks}
        kept = {name.rpartition(".")[2].encode() for name in (*qualified, *methods) if name not in blocks}
        self._blocks = words - kept
        self._always = {name.encode() for name in methods}
        self._by_root: dict[bytes, set[bytes]] = {}
        for name in qualified:
            self._add(name)
        for spelling, name in aliases.items():
            self._add(spelling)
            root = self._by_root.setdefault(spelling.partition(".")[0].encode(), set())
            root |= self._by_root.get(name.partition(".")[0].encode(), set())
        self._always |= self._by_root.pop(b"builtins", set())

    def _add(self, qualified: str) -> None:
        root, _, rest = qualified.partition(".")
        word = (rest or root).rpartition(".")[2]
        self._by_root.setdefault(root.encode(), set()).add(word.encode())

    def may_hold(self, data: bytes) -> bool:
        """Whether the file is worth parsing."""
        return bool(self.lines(data))

    def lines(self, data: bytes) -> list[int]:
        """The lines (counted from 1) with a hit, in order."""
        words = {word for word in self._wanted(data) if word in data}
        if not words:
            return []
        renamed = {match.group(1) for match in _renaming(frozenset(words)).finditer(data)}
        return call_lines(data, frozenset(words | renamed), frozenset(words & self._blocks))

    def _wanted(self, data: bytes) -> set[bytes]:
        wanted = set(self._always)
        for match in _IMPORTS.finditer(data):
            modules = [match.group(1)] if match.group(1) is not None else match.group(2).split(b",")
            for module in modules:
                wanted |= self._by_root.get(module.strip().partition(b".")[0].partition(b" ")[0], set())
        return wanted


def call_lines(data: bytes, words: frozenset[bytes], blocks: frozenset[bytes] = frozenset()) -> list[int]:
    """The lines (counted from 1) on which one of the words is called.

    The header of a definition is no call; nor counts a call of one of ``blocks`` that a ``with`` enters at once.
    """
    lines: list[int] = []
    position, line = 0, 1
    for match in _calling(words).finditer(data):
        if match.group(1) in (b"def", b"class") or (match.group(1) == b"with" and match.group(2) in blocks):
            continue
        line += data.count(b"\n", position, match.start())
        position = match.start()
        if not lines or lines[-1] != line:
            lines.append(line)
    return lines


@lru_cache(maxsize=512)
def _calling(words: frozenset[bytes]) -> re.Pattern[bytes]:
    every = b"|".join(re.escape(word) for word in sorted(words))
    return re.compile(rb"(?:\b(def|class|with)[ \t]+(?:\w+\.)*)?\b(%s)\s*\(" % every)


@lru_cache(maxsize=512)
def _renaming(words: frozenset[bytes]) -> re.Pattern[bytes]:
    return re.compile(rb"\b(?:%s)\s+as\s+(\w+)" % b"|".join(re.escape(word) for word in sorted(words)))
