"""What a scope owns: a stack of entries, and the errors of their releases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from traceback import format_exception_only
from typing import Any, TypeVar

from ..errors import Closed, MemguardError
from ..events import emit, hooks
from ..lease import BaseLease, register
from ..origin import Origin, here, snapshot
from ..ownership import Ownership

T = TypeVar("T")

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class ScopeStatistics:
    """What a scope has, and what has become of the rest."""

    owned: int
    """Things to be released."""
    registered: int
    """Things that were ever registered in it, or moved to it."""
    released: int
    handed_over: int
    """Things that went to another scope, or to the caller."""
    failed: int
    """Releases that raised."""
    closed: bool


class Entry(BaseLease[Any]):
    """One thing that a scope has to release, and where it was registered."""

    __slots__ = ("undo",)

    def __init__(self, scope: Stack, value: Any, undo: Callable[[], Any]) -> None:
        # Not the scope itself: a scope that is dropped should be noticed at once, without the collector.
        super().__init__(scope._owner, value, "owned", snapshot(3))
        self.undo = undo

    def move(self, scope: Stack) -> None:
        """Belong to another scope from now on."""
        self._lender = scope._owner

    def end(self) -> Callable[[], Any]:
        """What releases it, to be called by whoever takes it, once."""
        undo = self.undo
        self._end(None)
        del self.undo
        return undo


class Stack:
    """The entries of one scope."""

    noun = "Scope"

    def __init__(self, name: str | None = None) -> None:
        self.label = f"{self.noun} {name or next(_numbers)!r}"
        self._entries: list[Entry] = []
        self._closed_at: Origin | None = None
        self._registered = self._handed_over = self._failed = 0
        self._owner = Ownership(self.label)
        register(self)

    @property
    def closed(self) -> bool:
        """Whether it has released everything and takes nothing more."""
        return self._closed_at is not None

    @property
    def origin(self) -> Origin:
        """Where the scope was made."""
        return self._owner.origin

    def outstanding(self) -> Iterable[BaseLease[Any]]:
        """What it owns, oldest first."""
        return tuple(self._entries)

    def statistics(self) -> ScopeStatistics:
        """What it has, and what has become of the rest."""
        owned = len(self._entries)
        released = self._registered - self._handed_over - owned
        return ScopeStatistics(
            owned=owned,
            registered=self._registered,
            released=released,
            handed_over=self._handed_over,
            failed=self._failed,
            closed=self.closed,
        )

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        now = self.statistics()
        state = f"closed at {self._closed_at}" if self.closed else f"owns {now.owned}"
        failed = f", {now.failed} releases failed" if now.failed else ""
        return f"<{self.label}: {state}, {now.released} of {now.registered} released{failed}>"

    def _push(self, value: Any, undo: Callable[[], Any]) -> None:
        if self._closed_at is not None:
            raise Closed(
                f"{self.label}, made at {self.origin}, was closed at {self._closed_at}; "
                f"at {Origin(here())} something was registered in it, which nobody would release. "
                "Register it in a scope that is open."
            )
        self._entries.append(Entry(self, value, undo))
        self._registered += 1

    def _take_out(self, thing: Any) -> Entry:
        for position in range(len(self._entries) - 1, -1, -1):
            if self._entries[position]._value is thing:
                return self._entries.pop(position)
        raise MemguardError(
            f"{self.label} does not own {thing!r}: it was never registered there, was released already, or went to "
            "another scope"
        )

    def _give_to(self, thing: Any, other: Stack | None) -> None:
        if other is not None and other.closed:
            raise Closed(f"{other.label} was closed at {other._closed_at}: it cannot take {thing!r} over")
        entry = self._take_out(thing)
        self._handed_over += 1
        if other is None:
            entry.end()
        else:
            entry.move(other)
            other._entries.append(entry)
            other._registered += 1

    def _move_all(self, other: Stack) -> None:
        for entry in self._entries:
            entry.move(other)
        other._entries, self._entries = self._entries, []
        self._handed_over += len(other._entries)
        other._registered += len(other._entries)

    def _begin_close(self) -> bool:
        """Whether there is something to do: not in a forked child, where everything is the parent's."""
        self._closed_at = self._closed_at or Origin(here())
        return os.getpid() == self._owner.pid

    def _collected(self, failures: list[BaseException], error: BaseException | None) -> None:
        """Raise what releases raised: as notes on the block's own error, alone if it interrupts, else grouped."""
        if not failures:
            return
        self._failed += len(failures)
        interruption = next((each for each in failures if not isinstance(each, Exception)), None)
        bearer = error or interruption
        if bearer is None:
            ordinary = [each for each in failures if isinstance(each, Exception)]
            raise ExceptionGroup(f"{self.label} could not release {len(failures)} of its things", ordinary)
        for failure in failures:
            if failure is not bearer:
                text = "".join(format_exception_only(failure)).strip()
                bearer.add_note(f"{self.label} could not release one of its things: {text}")
        if error is None:
            raise bearer


def undo_for(thing: Any, release: Callable[[Any], Any] | None, names: tuple[str, ...]) -> Callable[[], Any]:
    """What releases a thing: the given function applied to it, or its own method.  Raises `TypeError`."""
    if release is not None:
        return lambda: release(thing)
    for name in names:
        method = getattr(thing, name, None)
        if callable(method):
            undo: Callable[[], Any] = method
            return undo
    wanted = " nor ".join(f"{name}()" for name in names)
    raise TypeError(f"{type(thing).__qualname__} has no {wanted}: say how to release it with release=")


def tell_dropped(entry: Entry) -> None:
    """Let listeners know that an entry was released only because its scope was garbage-collected."""
    if hooks:
        emit(entry.event("dropped"))
