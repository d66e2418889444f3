"""Bounded caches that close what they evict, load once for many callers and hide nothing from the collector."""

from __future__ import annotations

from .async_cache import AsyncCache
from .async_tiered import AsyncTieredCache
from .cache import Cache
from .entry import MISSING, Cause, Timed
from .errors import LoadCancelled
from .fast import FastCache
from .redis_tier import AsyncRedisTier, RedisTier
from .statistics import CacheStatistics, TieredStatistics
from .tiered import TieredCache
from .weights import size_in_bytes

__all__ = [
    "MISSING",
    "AsyncCache",
    "AsyncRedisTier",
    "AsyncTieredCache",
    "Cache",
    "CacheStatistics",
    "Cause",
    "FastCache",
    "LoadCancelled",
    "RedisTier",
    "TieredCache",
    "TieredStatistics",
    "Timed",
    "size_in_bytes",
]
