"""Which lines of a file could acquire anything, told from its bytes: most files are done without a look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from memlint.source.calls import Called, Calls, calls_of


class Prefilter:
    """The last words of all names that acquire, by the library that must be imported for them to mean anything.

    A hit is such a word followed by an opening parenthesis; a word that an import gives another name (``as``) is
    looked for under that name too.  What stands before its dot must be something that can have such a name: a
    function of a module belongs to that module, and a method that is believed by its receiver to such a receiver.
    """

    def __init__(
        self,
        qualified: Iterable[str],
        methods: Mapping[str, Iterable[str]],
        aliases: Mapping[str, str],
        blocks: Iterable[str] = (),
    ) -> None:
        """Take qualified names, bare method names with their receivers (``*`` is any), other spellings of prefixes of
        the qualified names, and the qualified names whose result is surely released when they are what a ``with``
        enters.
        """
        blocks = set(blocks)
        words = {name.rpartition(".")[2].encode() for name in blocks}
        kept = {name.rpartition(".")[2].encode() for name in (*qualified, *methods) if name not in blocks}
        self._blocks = words - kept
        self._by_root: dict[bytes, dict[bytes, Called]] = {}
        for name in qualified:
            self._add(name)
        for spelling, name in aliases.items():
            self._add(spelling)
            root = self._by_root.setdefault(spelling.partition(".")[0].encode(), {})
            for word, called in self._by_root.get(name.partition(".")[0].encode(), {}).items():
                _join(root, word, called._replace(owners=called.owners | {_last(spelling)}))
                if "." in spelling:
                    _join(root, word, _ON_ANYTHING)
        self._always = self._by_root.pop(b"builtins", {})
        for method, receivers in methods.items():
            names = frozenset(each.lower().strip("_").encode() for each in receivers)
            _join(
                self._always,
                method.encode(),
                _ON_ANYTHING if b"*" in names else Called(False, False, frozenset(), names),
            )

    def _add(self, qualified: str) -> None:
        """Only a module's name has no dot, and only what is not a module can be the class of something unknown."""
        root, _, rest = qualified.partition(".")
        owner, _, word = qualified.rpartition(".")
        owners = frozenset({_last(owner)}) if owner else frozenset()
        called = Called(True, "." in owner, owners)
        _join(self._by_root.setdefault(root.encode(), {}), (word if rest else root).encode(), called)

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
        renamed = {other for word in words.keys() & calls.renamed.keys() for other in calls.renamed[word]}
        return calls.lines(words.keys() | renamed, self._blocks & words.keys(), words)

    def _wanted(self, calls: Calls) -> dict[bytes, Called]:
        """What is called, or given another name."""
        wanted: dict[bytes, Called] = {}
        for known in (self._always, *(self._by_root[root] for root in calls.roots & self._by_root.keys())):
            for word in (known.keys() & calls.called) | (known.keys() & calls.renamed.keys()):
                _join(wanted, word, known[word])
        return wanted


_ON_ANYTHING = Called(False, True)


def _join(known: dict[bytes, Called], word: bytes, more: Called) -> None:
    known[word] = known[word].joined(more) if word in known else more


def _last(qualified: str) -> bytes:
    return qualified.rpartition(".")[2].encode()
