"""Which numbers are exported, under which names: one table for Prometheus, OpenTelemetry and the dashboard."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final


class Kind(enum.Enum):
    """How a number behaves in time."""

    GAUGE = "gauge"
    """It goes up and down."""
    COUNTER = "counter"
    """It only grows, until the utility goes."""


class Merge(enum.Enum):
    """What becomes of the numbers of utilities that have the same name."""

    SUM = "sum"
    HIGHEST = "highest"


@dataclass(frozen=True, slots=True)
class Family:
    """One exported number of one kind of utility."""

    subject: str
    """What it is about: "cache", "pool"."""
    field: str
    """The field of the statistics that it is read from."""
    kind: Kind
    help: str
    unit: str = ""
    """"bytes", "seconds", or nothing for plain numbers."""
    merge: Merge = Merge.SUM
    codes: tuple[str, ...] = ()
    """For a field that is a word: the words, each exported as its place in this list."""

    @property
    def prometheus_name(self) -> str:
        """As Prometheus spells it: `memguard_cache_hits_total`."""
        # The unit stands at the end, before `total`, whether the field's name has it or not.
        stem = self.field.removesuffix(f"_{self.unit}") if self.unit else self.field
        parts = ["memguard", self.subject, stem]
        if self.unit:
            parts.append(self.unit)
        if self.kind is Kind.COUNTER:
            parts.append("total")
        return "_".join(parts)

    @property
    def opentelemetry_name(self) -> str:
        """As OpenTelemetry spells it: `memguard.cache.hits`."""
        return f"memguard.{self.subject}.{self.field}"

    def read(self, statistics: Any) -> float:
        """The number in a record of statistics; a bound that is not set counts as 0."""
        value: Any = getattr(statistics, self.field)
        return self.codes.index(value) if self.codes else value or 0


def _gauges(subject: str, unit: str = "", **helps: str) -> list[Family]:
    return [Family(subject, field, Kind.GAUGE, text, unit) for field, text in helps.items()]


def _counters(subject: str, unit: str = "", **helps: str) -> list[Family]:
    return [Family(subject, field, Kind.COUNTER, text, unit) for field, text in helps.items()]


_CACHE = [
    *_gauges(
        "cache",
        items="Entries held.",
        weight="Weight of the entries held, in items, bytes or tokens.",
        max_items="Most entries allowed; 0 where only weight is bounded.",
        max_weight="Most weight allowed; 0 where only entries are bounded.",
        peak_items="Most entries ever held.",
    ),
    *_counters(
        "cache",
        hits="Lookups that found a value.",
        misses="Lookups that found none.",
        puts="Values stored.",
        replaced="Values that another took the place of.",
        evicted="Values that left because the bound was reached.",
        expired="Values whose time was over.",
        pressed="Values that left because memory ran short.",
        removed="Values that were removed.",
        taken="Values that were taken out open.",
        closed="Values that left because the cache was closed.",
        loads="Loaders run.",
        coalesced="Callers that waited for a load begun by another.",
        failed_loads="Loaders that raised.",
        not_kept="Loaded values that were not stored.",
        failed_releases="Errors of on_remove and of closing values.",
    ),
]

_BUFFERS = [
    *_gauges(
        "buffers",
        leased="Buffers on loan.",
        idle="Buffers kept unused.",
        quarantined="Buffers given back while slices of them were held.",
    ),
    *_gauges(
        "buffers",
        "bytes",
        leased_bytes="Size of the buffers on loan.",
        idle_bytes="Size of the buffers kept unused.",
        peak_bytes="Most ever on loan at once.",
        max_idle_bytes="Most allowed to be kept unused.",
    ),
    *_counters(
        "buffers",
        acquired="Loans begun.",
        reused="Loans served without an allocation.",
        allocated="Buffers allocated.",
        dropped="Loans that were garbage-collected without a release.",
        freed="Buffers let go.",
    ),
]

_POOL = [
    *_gauges(
        "pool",
        minimum="Fewest resources kept open.",
        maximum="Most resources allowed.",
        idle="Resources that wait for a borrower.",
        leased="Resources in somebody's hands.",
        changing="Resources being opened, checked, reset or closed.",
        waiting="Borrowers in the queue.",
    ),
    Family("pool", "longest_wait", Kind.GAUGE, "Longest time that a borrower queued.", "seconds", Merge.HIGHEST),
    *_counters(
        "pool",
        acquired="Leases begun.",
        discarded="Leases given back as unfit.",
        dropped="Leases that were garbage-collected without a release.",
        timeouts="Borrowers that went away with nothing.",
        waits="Borrowers that queued and were served.",
        opened="Resources opened.",
        closed="Resources closed.",
        open_failures="Resources that could not be opened.",
        check_failures="Resources that failed their check.",
        reset_failures="Resources that could not be reset.",
        close_failures="Resources whose close raised.",
        expired="Resources closed for their age.",
        reaped="Resources closed because they were idle.",
    ),
    *_counters(
        "pool",
        "seconds",
        wait_seconds="Time that borrowers queued.",
        lease_seconds="Time that resources were in somebody's hands.",
    ),
]

_MEMORY = [
    Family("memory", "level", Kind.GAUGE, "0 ok, 1 warning, 2 critical.", merge=Merge.HIGHEST),
    *(
        Family("memory", field, Kind.GAUGE, text, "bytes", Merge.HIGHEST)
        for field, text in {
            "rss": "Resident memory of the process.",
            "heap": "Private writable memory of the process.",
            "used": "What counts against the limit.",
            "limit": "The limit that holds.",
            "peak_rss": "Most resident memory seen.",
        }.items()
    ),
    *_counters(
        "memory",
        checks="Looks at the memory.",
        warnings="Rises to warning or above.",
        criticals="Rises to critical.",
        reliefs="Requests to give memory back.",
    ),
]

_BREAKER = [
    Family(
        "breaker",
        "state",
        Kind.GAUGE,
        "0 closed, 1 half-open, 2 open.",
        merge=Merge.HIGHEST,
        codes=("closed", "half-open", "open"),
    ),
    *_gauges("breaker", failures="Failures in a row."),
    *_counters(
        "breaker",
        failed="Calls that failed.",
        refused="Calls that were not let through.",
        probes="Calls let through to see whether the service is back.",
        opened="Times that the circuit opened.",
    ),
]

FAMILIES: Final = MappingProxyType(
    {
        "CacheStatistics": tuple(_CACHE),
        "BufferStatistics": tuple(_BUFFERS),
        "PoolStatistics": tuple(_POOL),
        "BreakerStatistics": tuple(_BREAKER),
        "MonitorStatistics": tuple(_MEMORY),
    }
)
"""By the type of the statistics: every field that is a number is here, which a test compares."""

HEALTH: Final = Family("utility", "health", Kind.GAUGE, "0 ok, 1 degraded, 2 failing.", merge=Merge.HIGHEST)
"""The one number that every utility has."""
