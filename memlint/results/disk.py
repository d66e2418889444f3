"""What the files of this machine hold now, found out without reading those that have not been touched."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping

from memlint.results.grounds import digest_of
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

Stamp: TypeAlias = tuple[int, int, int, int]
"""Size, times of change (of content, of anything) in nanoseconds, inode: equal for a file that nobody touched."""
Seen: TypeAlias = tuple[str, Stamp]
"""A digest, and the stamp that the file had when it was taken."""

SETTLED = 2_000_000_000
"""Nanoseconds after which a stamp can be believed: a change in the same tick of the clock would leave it equal."""
_UNREADABLE = "unreadable"
_FEW = 3
"""Questions about one folder for which its names are not listed."""
_NONE: frozenset[str] | None = frozenset()


class Disk:
    """Answers for each path once, so that one run sees one state."""

    def __init__(self, seen: Mapping[str, Seen], clock: Callable[[], int] = time.time_ns) -> None:
        self._seen = seen
        self._clock = clock
        self._now: dict[str, str | None] = {}
        self._there: dict[str, bool] = {}
        self._asked: dict[str, int] = {}
        self._names: dict[str, frozenset[str] | None] = {}
        self.stamps: dict[str, Seen] = {}
        """What may be believed at the next run."""
        self.learned = False
        """Whether any of them is new."""

    def holds(self, path: str, fact: str | None) -> bool:
        """Whether a fact about a path is still true: its digest, empty for any content, None for no file."""
        if fact:
            return self.digest(path) == fact
        return self._exists(path) is (fact is not None)

    def digest(self, path: str) -> str | None:
        """The digest of what a file holds; None where there is no file."""
        if path not in self._now:
            self._now[path] = self._digest(path)
        return self._now[path]

    def _exists(self, path: str) -> bool:
        if path in self._now:
            return self._now[path] is not None
        folder, _, name = path.rpartition("/")
        names = self._names.get(folder) or self._names_in(folder)
        if names is not None and name.casefold() not in names and name.isascii():
            return False
        if path not in self._there:
            self._there[path] = os.path.isfile(path)
        return self._there[path]

    def _names_in(self, folder: str, *, upwards: bool = True) -> frozenset[str] | None:
        """The names in a folder, of which there are none where it does not exist; None where they are not known.

        Most questions are about files that are not there: a folder that is asked about again and again is listed once.
        Cases are not told apart, as some disks do not.
        """
        if folder in self._names:
            return self._names[folder]
        upper, _, own = folder.rpartition("/")
        above = self._names_in(upper, upwards=False) if upwards else None
        if above is not None and own.isascii() and own.casefold() not in above:
            names = _NONE
        else:
            asked = self._asked[folder] = self._asked.get(folder, 0) + 1
            if asked < _FEW:
                return None
            names = _listed(folder)
        self._names[folder] = names
        return names

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


def _listed(folder: str) -> frozenset[str] | None:
    try:
        return frozenset([name.casefold() for name in os.listdir(folder)])
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except (OSError, ValueError):
        return None  # it may be entered though it cannot be listed
