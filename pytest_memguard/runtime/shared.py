"""A value with several owners, copied only when one of them wants to change it while others look.

The idea is Rust's `Arc::make_mut`.  CPython's own reference counts cannot serve for it (3.14 borrows
references, free-threaded builds defer them), so the handles are counted.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from .errors import LeaseEnded, MemguardError
from .origin import Origin, Positions, here
from .unraised import report

T = TypeVar("T")


class StillShared(MemguardError):
    """The value was to be taken out while other handles have it."""


class StaleMutation(MemguardError, AssertionError):
    """A shared value was changed in place, through a reference from before it was shared."""


class _Box(Generic[T]):
    """One value and the handles that have it."""

    __slots__ = ("others", "value")

    def __init__(self, value: T) -> None:
        self.value = value
        self.others: list[None] = []
        """One mark for each handle beyond the first; appending and popping are atomic."""

    @property
    def kind(self) -> str:
        """The name of the value's type."""
        return type(self.value).__name__

    def joined(self) -> None:
        """Note one handle more."""
        self.others.append(None)

    def left(self) -> bool:
        """Note one handle less; true when it was the last."""
        try:
            self.others.pop()
        except IndexError:
            return True
        return False

    def apart(self, value: T) -> _Box[T]:
        """A box for a copy."""
        return _Box(value)


class _WatchedBox(_Box[T]):
    """A box that takes a fingerprint of its value when it is shared and compares it at every use."""

    __slots__ = ("_fingerprint", "_held", "_take", "_taken_at")

    def __init__(self, value: T, take: Callable[[T], object]) -> None:
        self._take = take
        self._fingerprint: object = None
        self._taken_at: Positions = ()
        super().__init__(value)

    @property
    def value(self) -> T:
        """The value, after a look whether it is still what was shared."""
        self.check()
        return self._held

    @value.setter
    def value(self, value: T) -> None:
        self._held = value

    @property
    def kind(self) -> str:
        """The name of the value's type; does not look at the value."""
        return type(self._held).__name__

    def joined(self) -> None:
        """Take the fingerprint: from now on nobody may change the value."""
        self.check()
        super().joined()
        self._fingerprint = self._take(self._held)
        self._taken_at = here()

    def left(self) -> bool:
        """Compare once more; a last owner may change the value again."""
        last = super().left()
        try:
            self.check()
        finally:
            if not self.others:
                self._fingerprint = None
        return last

    def apart(self, value: T) -> _Box[T]:
        """A box for a copy, watched too."""
        return _WatchedBox(value, self._take)

    def check(self) -> None:
        """Raise `StaleMutation` when the value is not what was shared."""
        before = self._fingerprint
        if before is None:
            return
        self._fingerprint = self._take(self._held)
        if self._fingerprint != before:
            raise StaleMutation(
                f"a {type(self._held).__name__} was changed in place after it was shared at {Origin(self._taken_at)} "
                f"and before its use at {Origin(here())}: all its handles see the change. Somebody changed what "
                "get() returned, or kept what make_mut() returned; call make_mut() anew for each change."
            )


class _Ended:
    """What stands in the place of the box when a handle has ended."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # somebody inspects this module
            raise AttributeError(name)
        raise LeaseEnded(f"a Shared handle was used at {Origin(here())} after drop() or try_unwrap() had ended it")


_ENDED: Any = _Ended()
_watching = False


@dataclass(frozen=True, slots=True)
class SharedStatistics:
    """What a handle knows of its value."""

    handles: int
    """How many have it, this one included; 0 when this one has ended."""
    watched: bool
    """Whether changes behind the back are looked for."""


class Shared(Generic[T]):
    """One handle to a value: `get` to read, `share` for another handle, `make_mut` to change.

    `make_mut` returns the value itself when this is the only handle, else a copy of it by `clone` (a shallow
    copy by default) which this handle has alone from then on.  What it returns is to be changed at once and
    not kept.  A handle belongs to one thread at a time; give another thread its own by `share`.

    With `watch` (or inside :func:`watch_mutations`), changes that bypass `make_mut` raise `StaleMutation` at
    the next use of a handle; `fingerprint` says what counts as a change, by default the pickled value.

    >>> settings = Shared({"retries": 3})
    >>> snapshot = settings.share()
    >>> settings.make_mut()["retries"] = 5
    >>> settings.get(), snapshot.get()
    ({'retries': 5}, {'retries': 3})
    """

    __slots__ = ("__weakref__", "_box", "_clone")

    def __init__(
        self,
        value: T,
        *,
        clone: Callable[[T], T] = copy.copy,
        watch: bool | None = None,
        fingerprint: Callable[[T], object] = pickle.dumps,
    ) -> None:
        watched = _watching if watch is None else watch
        self._clone = clone
        self._box: _Box[T] = _WatchedBox(value, fingerprint) if watched else _Box(value)

    def get(self) -> T:
        """Return the value, to look at."""
        return self._box.value

    def share(self) -> Shared[T]:
        """Return another handle to the same value; copies nothing."""
        self._box.joined()
        handle: Shared[T] = _new(Shared)
        handle._box = self._box
        handle._clone = self._clone
        return handle

    def make_mut(self) -> T:
        """Return the value to change: itself when no other handle has it, else a copy made now."""
        box = self._box
        if not box.others:
            return box.value
        self._box = own = box.apart(self._clone(box.value))
        box.left()
        return own.value

    def try_unwrap(self) -> T:
        """End the only handle and return the value.  Raises `StillShared` when there are others."""
        box = self._box
        if box.others:
            raise StillShared(
                f"{self!r} cannot be unwrapped: drop the other handles first, or take a copy with make_mut()"
            )
        value = box.value
        self._box = _ENDED
        return value

    def drop(self) -> None:
        """End this handle now instead of with its last reference.  Raises `LeaseEnded` the second time."""
        box = self._box
        leave = box.left  # an ended handle complains here
        self._box = _ENDED
        leave()

    @property
    def handles(self) -> int:
        """How many handles have this value, this one included."""
        return len(self._box.others) + 1

    def statistics(self) -> SharedStatistics:
        """How many handles have the value, and whether it is watched."""
        box = self._box
        ended = box is _ENDED
        return SharedStatistics(0 if ended else len(box.others) + 1, not ended and isinstance(box, _WatchedBox))

    def same_as(self, other: Shared[T]) -> bool:
        """Whether both handles have one and the same value."""
        return self._box is other._box and self._box is not _ENDED

    def __enter__(self) -> Shared[T]:
        return self

    def __exit__(self, *_: object) -> None:
        if self._box is not _ENDED:
            self.drop()

    def __repr__(self) -> str:
        if self._box is _ENDED:
            return "<Shared: ended>"
        handles = self.handles
        return f"<Shared {self._box.kind}: {'the only handle' if handles == 1 else f'{handles} handles'}>"

    def __del__(self) -> None:
        box = getattr(self, "_box", _ENDED)
        if box is not _ENDED:
            try:
                box.left()
            except StaleMutation as error:
                report(error, "when a handle was dropped", Shared)


_new = object.__new__


@contextmanager
def watch_mutations() -> Iterator[None]:
    """Watch every :class:`Shared` made inside the block: for tests, since it pickles at every use.

    >>> with watch_mutations():
    ...     first = Shared([1, 2])
    >>> second = first.share()
    >>> first.get().append(3)
    >>> second.get()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    pytest_memguard.runtime.shared.StaleMutation: a list was changed in place after it was shared at ...
    """
    global _watching
    before = _watching
    _watching = True
    try:
        yield
    finally:
        _watching = before
