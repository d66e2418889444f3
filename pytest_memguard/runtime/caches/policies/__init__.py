"""The eviction policies by name: which entry goes when the bound is reached."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final, Literal

from .fifo import Fifo
from .lfu import Lfu
from .lru import Lru
from .policy import OnHit, Policy
from .priority import Priority
from .s3fifo import S3Fifo
from .sieve import Sieve

PolicyName = Literal["sieve", "s3fifo", "lru", "lfu", "fifo", "priority"]

POLICIES: Final = MappingProxyType[str, Callable[[], Policy[Any, Any]]](
    {
        "sieve": Sieve,
        "s3fifo": S3Fifo,
        "lru": Lru,
        "lfu": Lfu,
        "fifo": Fifo,
        "priority": Priority,
    }
)

__all__ = ["POLICIES", "Fifo", "Lfu", "Lru", "OnHit", "Policy", "PolicyName", "Priority", "S3Fifo", "Sieve"]
