"""What a cache has done so far, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """The counters of a cache at one moment; every put ends in exactly one of the removal counters or `items`.

    Under free threading, hits and misses may undercount when threads count at the same instant; the other
    counters are exact.
    """

    items: int
    """Entries held now, among them those which have expired and not yet left."""
    weight: int
    """Their weight, in `unit`."""
    max_items: int | None
    max_weight: int | None
    unit: str
    """What weight is measured in: items, bytes or tokens."""
    policy: str
    peak_items: int
    """The most entries ever held."""
    hits: int
    misses: int
    puts: int
    """Values that were stored, loaded ones among them."""
    replaced: int
    evicted: int
    expired: int
    """Left because their time to live or their idle time was over."""
    pressed: int
    """Left because memory ran short."""
    removed: int
    taken: int
    closed: int
    """Left because the cache was closed."""
    loads: int
    """Loaders run."""
    coalesced: int
    """Callers that waited for a load which another had begun."""
    failed_loads: int
    not_kept: int
    """Loaded values that were too heavy for the bound, or whose key was changed during the load."""
    failed_releases: int
    """Errors raised by `on_remove` and by closing values."""

    @property
    def hit_ratio(self) -> float:
        """Hits by lookups, 0.0 before the first."""
        lookups = self.hits + self.misses
        return self.hits / lookups if lookups else 0.0

    @property
    def fill(self) -> float:
        """How full the tighter of the bounds is, from 0.0 to 1.0."""
        shares = [
            held / bound for held, bound in ((self.items, self.max_items), (self.weight, self.max_weight)) if bound
        ]
        return max(shares, default=0.0)


@dataclass(frozen=True, slots=True)
class TieredStatistics:
    """The counters of a tiered cache at one moment."""

    memory: CacheStatistics
    found: tuple[int, ...]
    """Values that came from each tier behind the memory, the nearest first."""
    missed: int
    """Times that no tier knew."""
    stored: int
    """Writes that reached every tier."""
    removed: int
    """Removals that reached every tier."""


class TierCounts:
    """What a tiered cache counts of the tiers behind its memory."""

    __slots__ = ("found", "missed", "removed", "stored")

    def __init__(self, tiers: int) -> None:
        self.found = [0] * tiers
        self.missed = self.stored = self.removed = 0

    def beside(self, memory: CacheStatistics) -> TieredStatistics:
        """The record for users."""
        return TieredStatistics(memory, tuple(self.found), self.missed, self.stored, self.removed)

    def __str__(self) -> str:
        return f"{sum(self.found)} found there, {self.missed} nowhere"
