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
    from .breaker import BreakerStatistics, CircuitBreaker
    from .buffer_lease import BufferLease
    from .buffers import BufferPool, BufferStatistics
    from .caches import (
        MISSING,
        AsyncCache,
        AsyncRedisTier,
        AsyncTieredCache,
        Cache,
        CacheStatistics,
        Cause,
        FastCache,
        LoadCancelled,
        RedisTier,
        TieredCache,
        TieredStatistics,
        Timed,
        size_in_bytes,
    )
    from .cancellation.sweep import Sweep, cancel_everywhere
    from .closing import drain
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
    from .health import Health, HealthReport, Status, check_health
    from .instrumentation.ledger import Instrumentation
    from .instrumentation.table import instrument
    from .lease import AsyncLease, Lease, outstanding
    from .mapped import MappedFile, MappedStatistics
    from .monitor import MemoryLevel, MemoryMonitor, MonitorStatistics, Pressure
    from .origin import Frame, Origin, capture
    from .pool.asynchronous import AsyncPool
    from .pool.options import Backoff
    from .pool.statistics import PoolStatistics
    from .pool.threaded import Pool
    from .readings import MemoryReading, read_memory
    from .scope.asynchronous import AsyncScope
    from .scope.stack import ScopeStatistics
    from .scope.sync import Scope
    from .shared import Shared, SharedStatistics, StaleMutation, StillShared, watch_mutations
    from .shared_block import BlockExists, BlockStatistics, NoSuchBlock, NotOwner, SharedBlock

__all__ = [
    "MISSING",
    "AsyncCache",
    "AsyncLease",
    "AsyncPool",
    "AsyncRedisTier",
    "AsyncScope",
    "AsyncTieredCache",
    "Backoff",
    "BlockExists",
    "BlockStatistics",
    "BreakerStatistics",
    "BufferLease",
    "BufferPool",
    "BufferStatistics",
    "Cache",
    "CacheStatistics",
    "CancellationSwallowed",
    "CannotOpen",
    "CapacityLost",
    "Cause",
    "CircuitBreaker",
    "CircuitOpen",
    "Closed",
    "Event",
    "Exhausted",
    "FastCache",
    "Frame",
    "Health",
    "HealthReport",
    "Instrumentation",
    "Lease",
    "LeaseEnded",
    "LeftOpen",
    "LoadCancelled",
    "MappedFile",
    "MappedStatistics",
    "MemguardError",
    "MemoryLevel",
    "MemoryMonitor",
    "MemoryReading",
    "MonitorStatistics",
    "NoSuchBlock",
    "NotOwner",
    "Origin",
    "Pool",
    "PoolStatistics",
    "Pressure",
    "RedisTier",
    "Scope",
    "ScopeStatistics",
    "Shared",
    "SharedBlock",
    "SharedStatistics",
    "StaleMutation",
    "Status",
    "StillHeld",
    "StillShared",
    "Sweep",
    "TieredCache",
    "TieredStatistics",
    "Timed",
    "WrongLoop",
    "WrongOwner",
    "WrongProcess",
    "WrongThread",
    "cancel_everywhere",
    "capture",
    "check_health",
    "drain",
    "instrument",
    "outstanding",
    "read_memory",
    "size_in_bytes",
    "subscribe",
    "watch_mutations",
]

_ROOMS = {
    "breaker": "BreakerStatistics CircuitBreaker",
    "cancellation.sweep": "Sweep cancel_everywhere",
    "closing": "drain",
    "scope.asynchronous": "AsyncScope",
    "scope.stack": "ScopeStatistics",
    "scope.sync": "Scope",
    "errors": (
        "CancellationSwallowed CannotOpen CapacityLost CircuitOpen Closed Exhausted LeaseEnded LeftOpen "
        "MemguardError StillHeld WrongLoop WrongOwner WrongProcess WrongThread"
    ),
    "events": "Event subscribe",
    "instrumentation.ledger": "Instrumentation",
    "instrumentation.table": "instrument",
    "lease": "AsyncLease Lease outstanding",
    "origin": "Frame Origin capture",
    "pool.asynchronous": "AsyncPool",
    "pool.options": "Backoff",
    "pool.statistics": "PoolStatistics",
    "pool.threaded": "Pool",
    "buffer_lease": "BufferLease",
    "buffers": "BufferPool BufferStatistics",
    "caches": (
        "AsyncCache AsyncRedisTier AsyncTieredCache Cache CacheStatistics Cause FastCache LoadCancelled MISSING "
        "RedisTier TieredCache TieredStatistics Timed size_in_bytes"
    ),
    "health": "Health HealthReport Status check_health",
    "mapped": "MappedFile MappedStatistics",
    "monitor": "MemoryLevel MemoryMonitor MonitorStatistics Pressure",
    "readings": "MemoryReading read_memory",
    "shared": "Shared SharedStatistics StaleMutation StillShared watch_mutations",
    "shared_block": "BlockExists BlockStatistics NoSuchBlock NotOwner SharedBlock",
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
