"""The lease: what a pool, a buffer pool, a lock or a breaker's probe hands out, and gets back once.

Releasing a lease twice raises and names the lines; a lease that is dropped without a release is noticed,
warned about (`ResourceWarning`) and its lender gets the slot back.  A lease knows where it was acquired.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Awaitable, Iterable
from itertools import count
from sys import _getframe
from types import FrameType, TracebackType
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from .errors import LeaseEnded
from .events import Action, Event, emit, hooks
from .origin import Origin, Positions, here, snapshot

T = TypeVar("T")

Ending: TypeAlias = Literal["released", "discarded", "dropped"]
"""How a lease ended: given back for re-use, given back as unfit for it, or garbage-collected."""

next_id = count(1).__next__
"""Numbers for leases, unique in the process (a fork goes on counting)."""


class Lender(Protocol):
    """Who lends: named in reports, and asked by `outstanding()`."""

    @property
    def label(self) -> str:
        """Kind and name, as reports say it: "Pool 'db'"."""

    def outstanding(self) -> Iterable[BaseLease[Any]]:
        """The leases that have begun and not ended."""


class SyncLender(Lender, Protocol):
    """A lender whose leases end without awaiting."""

    def take_back(self, lease: Any, value: Any, ending: Ending, /) -> None:
        """Called exactly once for each lease.  With "dropped" it runs inside the garbage collector."""


class AsyncLender(Lender, Protocol):
    """A lender whose leases may have to await at their end (a reset, a close)."""

    def take_back(self, lease: Any, value: Any, ending: Ending, /) -> Awaitable[None] | None:
        """Called exactly once for each lease that is released or discarded; None: nothing to await."""

    def take_back_dropped(self, lease: Any, value: Any, /) -> None:
        """Called inside the garbage collector, in any thread, for a lease that was dropped."""


class BaseLease(Generic[T]):
    """What both kinds of lease share: identity, origin, and the value, which goes when the lease ends.

    Deleting the token is the one atomic step that ends a lease: of two threads that release at the same
    time one succeeds and the other is told.
    """

    __slots__ = ("__weakref__", "_held", "_lender", "_positions", "_released", "_token", "_value", "id", "kind")

    def __init__(self, lender: Any, value: T, kind: str, positions: Positions | None = None) -> None:
        self._lender = lender
        self._value: Any = value
        self.kind = kind
        self.id = next_id()
        self._positions = snapshot() if positions is None else positions
        self._token = None
        self._held = True
        if hooks:
            emit(self.event("acquired"))

    @property
    def owner(self) -> str:
        """Who lent it: "Pool 'db'"."""
        label: str = self._lender.label
        return label

    @property
    def origin(self) -> Origin:
        """Where it was acquired."""
        return Origin(self._positions)

    @property
    def ended(self) -> bool:
        """Whether it was released, discarded or dropped."""
        return not self._held

    @property
    def value(self) -> T:
        """What was lent.  Raises `LeaseEnded` after the release, naming the lines."""
        if not self._held:
            raise LeaseEnded(self._complaint("used after its release"))
        value: T = self._value
        return value

    def event(self, action: Action) -> Event:
        """The record that listeners get."""
        return Event(action, self.kind, self.owner, self.id, self.origin)

    def _end(self, frame: FrameType | None) -> Any:
        """Take the value out, once; the second caller gets `LeaseEnded`.  The frame is the releaser's."""
        try:
            del self._token
        except AttributeError:
            raise LeaseEnded(self._complaint("released a second time")) from None
        self._held = False
        self._released = () if frame is None else (frame.f_code, frame.f_lasti)
        value = self._value
        self._value = None
        if hooks:
            emit(self.event("released"))
        return value

    def _drop(self) -> Any:
        """In `__del__` of a lease that was not released: take the value out."""
        del self._token
        self._held = False
        value = self._value
        self._value = None
        return value

    def _warn_dropped(self) -> None:
        """In `__del__`, last: where warnings are errors this raises."""
        if hooks:
            emit(self.event("dropped"))
        message = (
            f"{self.kind} {self.id} of {self.owner} was dropped without a release; "
            f"it was acquired at {self.origin}. Use it in a `with` block, or release it in `finally`."
        )
        warnings.warn(message, ResourceWarning, source=self, stacklevel=3)

    def _complaint(self, what: str) -> str:
        return (
            f"{self.kind} {self.id} of {self.owner} was {what}, at {Origin(here())}: "
            f"it was acquired at {self.origin} and released at {Origin(self._released)}. "
            "A lease ends once: keep its value only inside the `with` block."
        )

    def __repr__(self) -> str:
        state = "held" if self._held else "ended"
        return f"<{self.kind} {self.id} of {self.owner}: {state}, acquired at {self.origin}>"


class Lease(BaseLease[T]):
    """A lease that ends without awaiting.

    >>> from pytest_memguard.runtime import Pool
    >>> with Pool(lambda: open("/dev/null"), name="null") as pool:
    ...     with pool.acquire() as file:
    ...         file.read()
    ''
    """

    __slots__ = ()

    def release(self) -> None:
        """Give the value back for re-use.  Raises `LeaseEnded` when the lease has ended already."""
        self._lender.take_back(self, self._end(_getframe(1)), "released")

    def discard(self) -> None:
        """Give the value back as unfit for re-use: its lender closes it."""
        self._lender.take_back(self, self._end(_getframe(1)), "discarded")

    def __enter__(self) -> T:
        return self.value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Released early, inside the block, is allowed.  What was cancelled or interrupted in the middle of
        # anything leaves the value in an unknown state.
        if self._held:
            whole = kind is None or issubclass(kind, Exception)
            self._lender.take_back(self, self._end(_getframe(1)), "released" if whole else "discarded")

    def __del__(self) -> None:
        if self._held:
            self._lender.take_back(self, self._drop(), "dropped")
            self._warn_dropped()


class AsyncLease(BaseLease[T]):
    """A lease whose end may await: a reset or a close on the way back."""

    __slots__ = ()

    async def release(self) -> None:
        """Give the value back for re-use.  Raises `LeaseEnded` when the lease has ended already."""
        pending = self._lender.take_back(self, self._end(_getframe(1)), "released")
        if pending is not None:
            await pending

    async def discard(self) -> None:
        """Give the value back as unfit for re-use: its lender closes it."""
        pending = self._lender.take_back(self, self._end(_getframe(1)), "discarded")
        if pending is not None:
            await pending

    async def __aenter__(self) -> T:
        return self.value

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._held:
            whole = kind is None or issubclass(kind, Exception)
            pending = self._lender.take_back(self, self._end(_getframe(1)), "released" if whole else "discarded")
            if pending is not None:
                await pending

    def __del__(self) -> None:
        if self._held:
            self._lender.take_back_dropped(self, self._drop())
            self._warn_dropped()


_lenders: weakref.WeakSet[Lender] = weakref.WeakSet()


def register(lender: Lender) -> None:
    """Have `outstanding()` ask this lender, for as long as it lives."""
    _lenders.add(lender)


def outstanding() -> tuple[BaseLease[Any], ...]:
    """Every lease of every lender that has begun and not ended, oldest first."""
    found = [lease for lender in tuple(_lenders) for lease in lender.outstanding()]
    return tuple(sorted(found, key=lambda lease: lease.id))


class Book:
    """The open leases of a lender that has no list of its own, by number and weakly.

    A pool does without: its slots say who holds them.
    """

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: dict[int, weakref.ref[Any]] = {}

    def enter(self, lease: BaseLease[Any]) -> None:
        """Note that the lease has begun."""
        self._open[lease.id] = weakref.ref(lease)

    def strike(self, lease: BaseLease[Any]) -> None:
        """Note that the lease has ended."""
        self._open.pop(lease.id, None)

    def __iter__(self) -> Any:
        return iter([lease for ref in list(self._open.values()) if (lease := ref()) is not None])

    def __len__(self) -> int:
        return len(self._open)
