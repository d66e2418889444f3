"""What the files of this machine hold now, found out without reading those that have not been touched."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

from memlint.results.grounds import digest_of

Stamp: TypeAlias = tuple[int, int, int, int]
"""Size, times of change (of content, of anything) in nanoseconds, inode: equal for a file that nobody touched."""
Seen: TypeAlias = tuple[str, Stamp]
"""A digest, and the stamp that the file had when it was taken."""

SETTLED = 2_000_000_000
"""Nanoseconds after which a stamp can be believed: a change in the same tick of the clock would leave it equal."""
_UNREADABLE = "unreadable"


class Disk:
    """Answers for each path once, so that one run sees one state."""

    def __init__(self, seen: Mapping[str, Seen], clock: Callable[[], int] = time.time_ns) -> None:
        self._seen = seen
        self._clock = clock
        self._now: dict[str, str | None] = {}
        self._there: dict[str, bool] = {}
        self.stamps: dict[str, Seen] = {}
        """What may be believed at the next run."""
        self.learned = False
        """Whether any of them is new."""

    def holds(self, path: str, fact: str | None) -> bool:
        """Whether a fact about a path is still true: its digest, empty for any content, None for no file."""
        if fact == "":
            return self._exists(path)
        if fact is None:
            return not self._exists(path)
        return self.digest(path) == fact

    def digest(self, path: str) -> str | None:
        """The digest of what a file holds; None where there is no file."""
        if path not in self._now:
            self._now[path] = self._digest(path)
        return self._now[path]

    def _exists(self, path: str) -> bool:
        if path not in self._there:
            self._there[path] = self._now[path] is not None if path in self._now else os.path.isfile(path)
        return self._there[path]

    def _digest(self, path: str) -> str | None:
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        seen = self._seen.get(path)
        if seen is not None and seen[1] == stamp:
            self.stamps[path] = seen
            return seen[0]
        now = self._clock()
        try:
            with open(path, "rb") as stream:
                digest = digest_of(stream.read())
        except OSError:
            return _UNREADABLE
        if max(status.st_mtime_ns, status.st_ctime_ns) + SETTLED < now:
            self.stamps[path] = (digest, stamp)
            self.learned = True
        return digest
