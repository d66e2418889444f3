"""The runtime utilities: what production code imports, watched from birth.

Importing this package imports neither pytest nor any third-party library; a module loads when one of its
names is first asked for.

>>> from pytest_memguard.runtime import capture
>>> bool(capture())
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        CancellationSwallowed,
        CannotOpen,
        CapacityLost,
        CircuitOpen,
        Closed,
        Exhausted,
        LeaseEnded,
        LeftOpen,
        MemguardError,
        StillHeld,
        WrongLoop,
        WrongOwner,
        WrongProcess,
        WrongThread,
    )
    from .events import Event, subscribe
    from .lease import AsyncLease, Lease, outstanding
    from .origin import Frame, Origin, capture
    from .pool.asynchronous import AsyncPool
    from .pool.options import Backoff
    from .pool.statistics import PoolStatistics
    from .pool.threaded import Pool

__all__ = [
    "AsyncLease",
    "AsyncPool",
    "Backoff",
    "CancellationSwallowed",
    "CannotOpen",
    "CapacityLost",
    "CircuitOpen",
    "Closed",
    "Event",
    "Exhausted",
    "Frame",
    "Lease",
    "LeaseEnded",
    "LeftOpen",
    "MemguardError",
    "Origin",
    "Pool",
    "PoolStatistics",
    "StillHeld",
    "WrongLoop",
    "WrongOwner",
    "WrongProcess",
    "WrongThread",
    "capture",
    "outstanding",
    "subscribe",
]

_ROOMS = {
    "errors": (
        "CancellationSwallowed CannotOpen CapacityLost CircuitOpen Closed Exhausted LeaseEnded LeftOpen "
        "MemguardError StillHeld WrongLoop WrongOwner WrongProcess WrongThread"
    ),
    "events": "Event subscribe",
    "lease": "AsyncLease Lease outstanding",
    "origin": "Frame Origin capture",
    "pool.asynchronous": "AsyncPool",
    "pool.options": "Backoff",
    "pool.statistics": "PoolStatistics",
    "pool.threaded": "Pool",
}
"""Which module each public name lives in; a test compares it with `__all__` and the imports above."""

_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOM_OF})
