"""Open file descriptors, by kind, from the kernel's own list.

Cost: one `listdir`, a `dup`, a `close`, and a `readlink` for each that came after the first look: 8 µs at six
descriptors, 120 µs at three hundred.  Where there is no
`/proc/self/fd` the probe sees nothing, and the run's header says so.
"""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, TypeAlias

from ..origins import Acquisition, Owner
from . import audit
from .files import OPENER
from .kinds import kind_of, name_of
from .patches import Stand, Stands
from .probe import Book, Census, Key, Sight

FOLDER = "/proc/self/fd"
CALLS = ("open", "pipe", "pipe2", "dup", "openpty", "eventfd", "memfd_create", "timerfd_create", "pidfd_open")
"""Functions of `os` that return a descriptor or a pair of them; not all exist everywhere."""
Identity: TypeAlias = tuple[int, int]
INNOCENT = re.compile(r"/dev/u?random$|.*\.(pyc?|so|pyd|zip|egg|whl)$")
"""What Python and its libraries open for themselves: random numbers, modules."""


def available() -> bool:
    """Whether the kernel lists this process's descriptors."""
    return os.path.isdir(FOLDER)


class Descriptors:
    """Open descriptors; their origins come from the other probes first, then from what was opened by path."""

    name = "descriptor"

    def __init__(self, others: Iterable[Callable[[int, str], Sight | None]] = ()) -> None:
        self._others = tuple(others)
        self._known: dict[int, tuple[Identity, Acquisition]] = {}
        self._paths: deque[Acquisition] = deque(maxlen=2000)
        self._book: Book | None = None
        self._maps: deque[tuple[Identity, Acquisition]] = deque(maxlen=500)
        self._base: frozenset[int] | None = None
        """What was open at the first look."""
        self._last: tuple[list[str], Census] = [], frozenset()
        """The last listing, when all that it names was there at the first look."""
        self._dup = os.dup
        self._spare = -1
        """A descriptor of our own: to copy it tells the lowest free number."""

    def start(self, book: Book, stands: Stands) -> None:
        """Listen for paths that are opened, and patch the calls that the audit hook cannot see."""
        self._book = book
        self._dup = os.dup
        self._spare = os.open(os.devnull, os.O_RDONLY)
        audit.listen("open", self._opened)
        audit.listen("mmap.__new__", self._mapped)
        stands.add(*(_Opens(getattr(os, name), self) for name in CALLS if hasattr(os, name)))

    def stop(self) -> None:
        """Put everything back."""
        audit.silence("open")
        audit.silence("mmap.__new__")
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1
        self._base = None
        self._last = [], frozenset()
        self._known.clear()
        self._paths.clear()

    def take(self) -> Census:
        """The descriptors that are open now, each with the kernel's name for it.

        The names of those that were there at the first look are not read again until one is seen to be gone:
        what takes such a number between two looks is missed.
        """
        try:
            lowest = self._dup(self._spare)
            os.close(lowest)  # the listing takes this number for itself, for as long as it lasts
            numbers = os.listdir(FOLDER)
        except OSError:
            return frozenset()
        if numbers == self._last[0]:
            return self._last[1]
        seen = {int(number) for number in numbers} - {lowest}
        if self._base is None or not self._base <= seen:
            self._base = frozenset(seen) if self._base is None else self._base & seen
        census: Census = frozenset(
            (self.name, number, "" if number in self._base else link_of(number)) for number in seen
        )
        if seen <= self._base:
            self._last = numbers, census
        return census

    def describe(self, key: Key) -> Sight | None:
        """Tell kind, name and origin of a descriptor."""
        number = key[1]
        assert isinstance(number, int)
        link = link_of(number)
        if not link:
            return None
        kind = kind_of(link)
        for other in self._others:
            sight = other(number, link)
            if sight is not None:
                return sight
        acquired = self._find(number, link)
        if acquired is None and INNOCENT.match(link):
            return None
        if acquired is not None and acquired.kind == "mmap":
            kind, what = "mmap", f"of {link}"
        else:
            what = name_of(kind, number, link)
        return Sight(kind, what, acquired)

    def forget(self, ended: Owner) -> None:
        """Drop the records of an owner that has been judged."""
        if not (self._known or self._paths or self._maps):
            return
        self._known = {number: pair for number, pair in self._known.copy().items() if pair[1].owner is not ended}
        kept = [acquired for acquired in self._paths if acquired.owner is not ended]
        self._paths = deque(kept, maxlen=self._paths.maxlen)
        self._maps = deque((pair for pair in self._maps if pair[1].owner is not ended), maxlen=self._maps.maxlen)

    def note(self, number: int, acquired: Acquisition) -> None:
        """Remember who acquired a descriptor, for as long as it is the same file, pipe or socket."""
        identity = _identity(number)
        if identity is not None:
            self._known[number] = identity, acquired

    def enter(self, what: str, frame: FrameType | None) -> Acquisition:
        """Note an acquisition made by one of the patched calls."""
        assert self._book is not None
        return self._book.enter("descriptor", what, frame)

    def _opened(self, arguments: tuple[Any, ...]) -> None:
        path = arguments[0]
        if not isinstance(path, str | bytes) or self._book is None:
            return
        frame = sys._getframe(2)
        code = frame.f_code
        if code in _STANDS or code.co_filename.startswith("<frozen"):
            return
        self._paths.append(self._book.enter("file", os.fsdecode(path), frame))

    def _mapped(self, arguments: tuple[Any, ...]) -> None:
        """A mapping keeps a copy of its file's number, which nothing tells: the file's identity is what stays."""
        number = arguments[0]
        identity = _identity(number) if isinstance(number, int) and number >= 0 else None
        if identity is not None and self._book is not None:
            self._maps.append((identity, self._book.enter("mmap", "", sys._getframe(2))))

    def _find(self, number: int, link: str) -> Acquisition | None:
        identity = _identity(number)
        for known, acquired in reversed(self._known.values()):
            if known == identity:  # by identity alone: a mapping copies the number of the file that it maps
                return acquired
        mapped = next((acquired for known, acquired in reversed(self._maps) if known == identity), None)
        if mapped is not None:
            return mapped
        return next((each for each in reversed(self._paths) if names(each.what, link)), None)


class _Opens(Stand):
    """A function of `os` that returns a descriptor or a pair of them."""

    def __init__(self, real: Callable[..., Any], probe: Descriptors) -> None:
        super().__init__(real)
        self._probe = probe

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        result = self.real(*arguments, **named)
        acquired = self._probe.enter(self.real.__name__, sys._getframe(1))
        for number in result if isinstance(result, tuple) else (result,):
            self._probe.note(number, acquired)
        return result


_STANDS = (OPENER, _Opens.__call__.__code__)
"""The frames that note an opened file themselves."""


def link_of(number: int) -> str:
    """What the kernel calls a descriptor; "" when it is closed."""
    try:
        return os.readlink(f"{FOLDER}/{number}")
    except OSError:  # a thread closed it meanwhile
        return ""


def _identity(number: int) -> Identity | None:
    """Device and inode: they stay when a file is renamed, and differ when the number is used again."""
    try:
        stat = os.fstat(number)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def names(path: str, link: str) -> bool:
    """Whether a path that was opened is what the kernel calls `link`."""
    link = link.removesuffix(" (deleted)")
    if os.path.basename(path.rstrip("/")) != os.path.basename(link):
        # O_TMPFILE opens the folder; the kernel then calls the nameless file "/tmp/#1234"
        return bool(re.search(r"/#\d+$", link)) and os.path.realpath(path) == os.path.dirname(link)
    return os.path.realpath(path) == link or not os.path.isabs(path)
