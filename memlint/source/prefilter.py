"""Which lines of a file could acquire anything, told from its bytes: most files are done without a look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from memlint.source.calls import Calls, calls_of


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
        calls = calls_of(data)
        known = calls.answers.get(self)
        if known is None:
            known = calls.answers[self] = self._lines(calls)
        return known

    def _lines(self, calls: Calls) -> list[int]:
        words = self._wanted(calls)
        if not words:
            return []
        renamed = {other for word in words & calls.renamed.keys() for other in calls.renamed[word]}
        return calls.lines(words | renamed, frozenset(words & self._blocks))

    def _wanted(self, calls: Calls) -> set[bytes]:
        wanted = self._always & calls.words
        for root in calls.roots & self._by_root.keys():
            wanted |= self._by_root[root] & calls.words
        return wanted
