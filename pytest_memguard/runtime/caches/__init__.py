"""Bounded caches that close what they evict, load once for many callers and hide nothing from the collector."""

from __future__ import annotations

from .async_cache import AsyncCache
from .cache import Cache
from .entry import MISSING, Cause
from .errors import LoadCancelled
from .statistics import CacheStatistics
from .weights import size_in_bytes

__all__ = ["MISSING", "AsyncCache", "Cache", "CacheStatistics", "Cause", "LoadCancelled", "size_in_bytes"]
