"""Who acquired what, where and for whom, and what was dropped instead of given back."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from .frames import Origin
from .origins import NOBODY, Acquisition, Owner, positions

MARK = "_memguard_owner"
"""The attribute that a watched thread carries: for whom it was started."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Something that nobody closed: the garbage collector did, or a shutdown."""

    acquired: Acquisition
    what: str
    how: str
    """Who ended it instead: "closed only by the garbage collector", "cancelled when its loop closed"."""
    noticed: Owner
    """Whose turn it was when that happened."""
    expected: bool
    """Whether warnings were being recorded just then: a test that looks for the warning drops on purpose."""


COLLECTED = "closed only by the garbage collector"


class Ledger:
    """The book that the probes write and the guard reads."""

    def __init__(self) -> None:
        self.owner = NOBODY
        self._fixture: Any = None
        """The fixture of the running test's own scope that is being set up now."""
        self.drops: list[Drop] = []
        self.entered = 0
        """How many acquisitions were noted since the start, by whomever."""
        self._main = threading.get_ident()
        self._showing = _recorder()

    def enter(self, kind: str, what: str, frame: FrameType | None) -> Acquisition:
        """Note that something is acquired now, at `frame`, for whoever is current."""
        self.entered += 1
        thread = threading.get_ident()
        fixture = self._fixture if thread == self._main else None
        return Acquisition(kind, what, Origin(positions(frame)), self.current(), thread, fixture)

    def drop(self, acquired: Acquisition, what: str = "", how: str = COLLECTED) -> None:
        """Note that nobody closed it.  Runs inside the garbage collector: it only takes note."""
        acquired.dropped = True
        self.drops.append(
            Drop(acquired, what or acquired.what, how or COLLECTED, self.owner, self._someone_records_warnings())
        )

    def current(self) -> Owner:
        """For whom the calling thread works: the turn's owner, or whoever started the thread."""
        ident = threading.get_ident()
        if ident == self._main:
            return self.owner
        thread = threading._active.get(ident)  # type: ignore[attr-defined]  # current_thread() would invent one
        owner: Owner = getattr(thread, MARK, NOBODY)
        return owner

    def fixture(self) -> Any:
        """The fixture of the running test's own scope that the calling thread sets up, or None."""
        return self._fixture if threading.get_ident() == self._main else None

    @contextlib.contextmanager
    def turn(self, owner: Owner) -> Iterator[None]:
        """Charge what the calling thread acquires to `owner`."""
        before, self.owner = self.owner, owner
        thread, self._main = self._main, threading.get_ident()
        try:
            with self.preparing(None):
                yield
        finally:
            self.owner, self._main = before, thread

    @contextlib.contextmanager
    def preparing(self, fixture: Any) -> Iterator[None]:
        """Note with what the calling thread acquires that it sets up a fixture of the test's own scope."""
        before, self._fixture = self._fixture, fixture
        try:
            yield
        finally:
            self._fixture = before

    def begin(self, owner: Owner) -> None:
        """From now on the calling thread works for `owner`."""
        self.owner = owner
        self._main = threading.get_ident()
        self._showing = _recorder()

    def take_drops(self) -> list[Drop]:
        """Hand over what was dropped since the last call."""
        taken, self.drops = self.drops, []
        return taken

    def _someone_records_warnings(self) -> bool:
        return _recorder() != self._showing


def _recorder() -> object:
    """What a warning is handed to: `catch_warnings(record=True)` puts its own list there."""
    return getattr(warnings, "_showwarnmsg_impl", None)
