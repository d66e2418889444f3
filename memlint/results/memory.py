"""The results of earlier runs on this machine: which are still true, and how new ones are kept."""

from __future__ import annotations

import contextlib
import os
import time
from binascii import crc32
from collections.abc import Callable, Iterable, Mapping

from memlint.findings import RuleFacts
from memlint.results import folder, index, surroundings
from memlint.results.disk import Disk
from memlint.results.index import Head, Index, Kept
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
        entries = self._index.entries
        found = {path: entries[name] for path in files if (name := self._short(os.path.abspath(path))) in entries}
        known: dict[str, FileResult] = {}
        false = self._false(found.values())
        today = int(self._clock() // _DAY)
        for path, kept in found.items():
            if self._disk.digest(os.path.abspath(path)) != kept.digest:
                continue
            root = self._long(kept.root)
            if false and any((root, fact) in false for fact in kept.facts):
                continue
            try:
                known[path] = FileResult(path) if kept.plain == 0 else from_plain(kept.plain, path, root)
            except Malformed as error:
                self.troubles.append(f"{self._path}: what is kept of {path} cannot be read: {error}")
                continue
            if kept.day < today - _USED_ANEW:
                self._used_anew.add(self._short(os.path.abspath(path)))
        return known

    def _false(self, entries: Iterable[Kept]) -> set[tuple[str, tuple[str, str | None]]]:
        """The facts of some entries that are true no longer."""
        by_root: dict[str, set[tuple[str, str | None]]] = {}
        for kept in entries:
            by_root.setdefault(kept.root, set()).update(kept.facts)
        return {
            (root, fact)
            for short, facts in by_root.items()
            for root in (self._long(short),)
            for fact in facts
            if not self._disk.holds(f"{root}/{fact[0]}", fact[1])
        }

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
        for name, result in new.items():
            assert result.grounds is not None
            plain = to_plain(result, result.grounds.root)
            kept[name] = Kept(
                result.grounds.digest,
                self._short(result.grounds.root),
                result.grounds.path,
                tuple(sorted(set(result.grounds.facts), key=lambda fact: (fact[0], fact[1] or ""))),
                0 if plain == _SILENT else plain,
                today,
            )
        self._write(Index(self._head(rules, notices), self._stamps(before, kept, new), kept), now)

    def _latest(self) -> Index:
        """What is kept by now: another run may have written since this one began."""
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found = index.read(self._path, self._key)
            if found is not None and found.head.plugins == self._plugins:
                return found
        return Index(Head())

    def _stamps(
        self, before: Index, kept: Mapping[str, Kept], new: Mapping[str, FileResult]
    ) -> dict[str, tuple[str, tuple[int, int, int, int]]]:
        """The stamps of all files that the kept results rest on."""
        for name in new:
            self._disk.digest(self._long(name))
            for path, digest in kept[name].facts:
                if digest:
                    self._disk.digest(f"{self._long(kept[name].root)}/{path}")
        wanted = {self._long(name) for name in kept}
        wanted.update(
            f"{self._long(entry.root)}/{path}" for entry in kept.values() for path, digest in entry.facts if digest
        )
        every = {self._long(name): seen for name, seen in before.stamps.items()} | self._disk.stamps
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
