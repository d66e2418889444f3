"""The leases of pools, which know their slot, and what becomes of them in a forked child or another loop."""

from __future__ import annotations

from collections.abc import Iterable
from sys import _getframe
from types import FrameType, TracebackType
from typing import Any, TypeVar

from ..errors import LeaseEnded
from ..lease import AsyncLease, BaseLease, Ending, Lease
from .slot import Slot

T = TypeVar("T")

KIND = "pool lease"


class PoolLease(Lease[T]):
    """What `Pool.acquire` hands out.  Inside, its value is the slot: the resource is looked up when asked for.

    It ends under the pool's lock, which makes the token unnecessary: this is the busiest lease of all.  It is
    made before there is anything to lend and filled in by the pool, so that an interrupt finds it in charge.
    """

    __slots__ = ()

    kind = KIND
    __init__ = object.__init__  # one in Python would cost a tenth of the lease

    @property
    def value(self) -> T:
        """What was lent.  Raises `LeaseEnded` after the release, naming the lines."""
        if not self._held:
            raise LeaseEnded(self._complaint("used after its release"))
        resource: T = self._value.resource
        return resource

    def release(self) -> None:
        """Give the value back for re-use.  Raises `LeaseEnded` when the lease has ended already."""
        self._lender.end(self, "released", _getframe(1))

    def discard(self) -> None:
        """Give the value back as unfit for re-use: its pool closes it."""
        self._lender.end(self, "discarded", _getframe(1))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._held:
            whole = kind is None or issubclass(kind, Exception)
            self._lender.end(self, "released" if whole else "discarded", _getframe(1))

    def _drop(self) -> Any:
        self._held = False
        return self._value

    def complain(self) -> LeaseEnded:
        """The error for a second release."""
        return LeaseEnded(self._complaint("released a second time"))


class AsyncPoolLease(AsyncLease[T]):
    """What `AsyncPool.acquire` hands out; as `PoolLease`."""

    __slots__ = ()

    kind = KIND
    __init__ = object.__init__

    @property
    def value(self) -> T:
        """What was lent.  Raises `LeaseEnded` after the release, naming the lines."""
        if not self._held:
            raise LeaseEnded(self._complaint("used after its release"))
        resource: T = self._value.resource
        return resource


class Elsewhere:
    """The lender of leases that were begun in the parent process or in a closed loop: it does nothing."""

    def __init__(self, label: str) -> None:
        self.label = f"{label} in its former process or loop"

    def end(self, lease: Any, _ending: Ending, _frame: FrameType, /) -> None:
        """End a `PoolLease`, leaving the value alone."""
        lease._held = False

    def take_back(self, _lease: Any, _value: Any, _ending: Ending, /) -> None:
        """Leave the value alone: it belongs there."""

    def take_back_dropped(self, _lease: Any, _value: Any, /) -> None:
        """Leave the value alone: it belongs there."""

    def outstanding(self) -> Iterable[Any]:
        """None: they are outstanding there."""
        return ()


def live(slots: Iterable[Slot[Any]]) -> list[BaseLease[Any]]:
    """The leases that hold these slots."""
    return [lease for slot in slots if slot.lease is not None and (lease := slot.lease()) is not None]


def disown(slots: Iterable[Slot[Any]], label: str) -> None:
    """In a forked child or another loop: make the leases that were begun before harmless."""
    elsewhere = Elsewhere(label)
    for lease in live(slots):
        lease._lender = elsewhere
