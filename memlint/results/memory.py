"""The results of earlier runs on this machine: which are still true, and how new ones are kept."""

from __future__ import annotations

import contextlib
import os
import time
from binascii import crc32
from collections.abc import Callable, Iterable, Iterator, Mapping

from memlint.findings import RuleFacts
from memlint.results import folder, index, surroundings
from memlint.results.disk import Disk, Seen
from memlint.results.index import Head, Index, Kept, RootedFact
from memlint.results.plain import Malformed, from_plain, to_plain
from memlint.results.result import FileResult
from memlint.settings import Settings
from memlint.trouble import Trouble

FOLDER = ".memlint_cache"
_DAY = 86400
_USED_ANEW = 7
"""Days after which the use of a result is written down again."""
_SILENT = [[], [], 0, []]
"""The plain form of a result that says nothing."""


class Memory:
    """A cache in a folder, for one set of settings.  Nothing that is wrong with it ends a run."""

    def __init__(self, place: str, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._folder = os.path.abspath(place)
        self._base = os.path.dirname(self._folder)
        self._settings = settings
        self._clock = clock
        self._key = surroundings.local(settings, self._base)
        self._path = os.path.join(self._folder, f"{crc32(self._key.encode(errors='surrogateescape')):08x}.json")
        self.troubles: list[str] = []
        """What kept the cache from being used, for those who ask."""
        self._index = self._read()
        self._disk = Disk({self._long(path): seen for path, seen in self._index.stamps.items()} if self._index else {})
        self._used_anew: set[str] = set()

    @property
    def head(self) -> Head | None:
        """What goes with the kept results; None when there are none, so that everything must be looked at anew."""
        return self._index.head if self._index is not None else None

    def recall(self, files: Iterable[str]) -> dict[str, FileResult]:
        """The results of those files for which, with everything that they rest on, nothing has changed."""
        if self._index is None:
            return {}
        here = os.getcwd()
        entries = self._index.entries
        full = {path: os.path.normpath(os.path.join(here, path)) for path in files}
        found = {path: kept for path in full if (kept := entries.get(self._short(full[path]))) is not None}
        try:
            shaken = self._shaken(self._index, found)
        except ValueError as error:
            self.troubles.append(f"{self._path}: the cache cannot be read: {error}")
            return {}
        known: dict[str, FileResult] = {}
        today = int(self._clock() // _DAY)
        for path, kept in found.items():
            if path in shaken or self._disk.digest(full[path]) != kept.digest:
                continue
            try:
                known[path] = (
                    FileResult(path) if kept.plain == 0 else from_plain(kept.plain, path, self._long(kept.root))
                )
            except Malformed as error:
                self.troubles.append(f"{self._path}: what is kept of {path} cannot be read: {error}")
                continue
            if kept.day < today - _USED_ANEW:
                self._used_anew.add(self._short(full[path]))
        return known

    def _shaken(self, known: Index, found: Mapping[str, Kept]) -> set[str]:
        """Those of the ``found`` results that rest on something that is true no longer.

        Raises:
            ValueError: it cannot be told what they rest on.
        """
        table, holds = known.facts, self._disk.holds
        every = len(found) == len(known.entries)
        lines = range(len(table)) if every else index.grounds_of(known, found.values())
        roots = {root: self._long(root) for root in {root for root, _, _ in table}}
        false = set()
        for line in lines:
            root, place, digest = table[line]
            if not holds(f"{roots[root]}/{place}", digest):
                false.add(line)
        if not false:
            return set()
        return {path for path, kept in found.items() if not false.isdisjoint(index.grounds_of(known, (kept,)))}

    def keep(self, results: Iterable[FileResult], rules: tuple[RuleFacts, ...], notices: tuple[str, ...]) -> None:
        """Write down new results, with the rules that ran and what was said of the settings."""
        new = {self._short(os.path.abspath(result.path)): result for result in results if result.grounds is not None}
        now = self._clock()
        changed = new or self._disk.learned or self._used_anew
        if self._index is not None and not changed and self._index.head.distributions == self._distributions:
            folder.touch(self._path, now)
            return
        before = self._latest()
        today = int(now // _DAY)
        kept = {}
        for name, entry in before.entries.items():
            entry.day = today if name in self._used_anew else entry.day
            if entry.day >= today - folder.KEPT_DAYS:
                kept[name] = entry
        lines = {fact: line for line, fact in enumerate(before.facts)}
        for name, result in new.items():
            assert result.grounds is not None
            root = self._short(result.grounds.root)
            plain = to_plain(result, result.grounds.root)
            rests_on = [_line_of((root, *fact), before.facts, lines) for fact in dict.fromkeys(result.grounds.facts)]
            kept[name] = Kept(
                result.grounds.digest,
                root,
                result.grounds.path,
                " ".join(map(str, rests_on)),
                0 if plain == _SILENT else plain,
                today,
            )
        made = Index(self._head(rules, notices), {}, kept, before.facts)
        made.stamps = self._stamps(before.stamps, made, new)
        self._write(made, now)

    def _latest(self) -> Index:
        """What is kept by now: another run may have written since this one began."""
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found = index.read(self._path, self._key)
            if found is not None and found.head.plugins == self._plugins:
                index.grounds_of(found, found.entries.values())
                return found
        return Index(Head())

    def _stamps(self, before: Mapping[str, Seen], made: Index, new: Iterable[str]) -> dict[str, Seen]:
        """The stamps of all files that the kept results rest on."""

        def files(entries: Iterable[Kept]) -> Iterator[str]:
            for line in sorted(index.grounds_of(made, entries)):
                root, path, digest = made.facts[line]
                if digest:
                    yield f"{self._long(root)}/{path}"

        for path in (*map(self._long, new), *files(made.entries[name] for name in new)):
            self._disk.digest(path)
        wanted = {*map(self._long, made.entries), *files(made.entries.values())}
        every = {self._long(name): seen for name, seen in before.items()} | self._disk.stamps
        return {self._short(path): seen for path, seen in every.items() if path in wanted}

    def _head(self, rules: tuple[RuleFacts, ...], notices: tuple[str, ...]) -> Head:
        return Head(self._plugins, self._distributions, rules, notices)

    def _read(self) -> Index | None:
        """What is kept, when it rests on the plugins that there are now."""
        self._distributions = surroundings.distributions()
        self._plugins = ""
        found: Index | None = None
        try:
            found = index.read(self._path, self._key)
        except (OSError, ValueError, RecursionError) as error:
            self.troubles.append(f"{self._path}: the cache cannot be read: {error}")
        if found is not None and not found.head.plugins and found.head.distributions == self._distributions:
            return found
        try:
            self._plugins = surroundings.plugins(self._settings)
        except Trouble:
            return None  # the run itself will say what is wrong with them
        return found if found is not None and found.head.plugins == self._plugins else None

    def _write(self, new: Index, now: float) -> None:
        try:
            folder.make(self._folder)
            index.write(self._path, self._key, new)
            folder.tidy(self._folder, now)
        except OSError as error:
            self.troubles.append(f"{self._folder}: the cache cannot be written: {error.strerror or error}")

    def _short(self, path: str) -> str:
        """A path as it is kept: from the folder that holds the cache, so that both can be moved together."""
        if path == self._base:
            return ""
        return path[len(self._base) + 1 :] if path.startswith(self._base + os.sep) else path

    def _long(self, name: str) -> str:
        if not name:
            return self._base
        return name if os.path.isabs(name) else f"{self._base}/{name}"


def _line_of(fact: RootedFact, table: list[RootedFact], lines: dict[RootedFact, int]) -> int:
    """The line of a fact in the table, into which it is put when it is new."""
    line = lines.setdefault(fact, len(table))
    if line == len(table):
        table.append(fact)
    return line
