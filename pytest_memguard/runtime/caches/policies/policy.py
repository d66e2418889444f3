"""What a cache asks of an eviction policy."""

from __future__ import annotations

import enum
from typing import Protocol

from ..entry import Entry, K, V


class OnHit(enum.Enum):
    """What a policy wants to know of a hit."""

    COUNT = "count"
    """No more than ``entry.visits``, to which the cache adds without a lock."""
    MOVE = "move"
    """Each of them, under the lock: the cache calls ``touch``."""


class Policy(Protocol[K, V]):
    """Decides which entry goes when the bound is reached.

    The cache calls it under its lock, with entries that the policy holds, except ``admit``.
    """

    on_hit: OnHit

    def admit(self, entry: Entry[K, V]) -> None:
        """Begin to hold an entry, new or put again."""

    def touch(self, entry: Entry[K, V]) -> None:
        """Note a hit; called for ``OnHit.MOVE`` only."""

    def forget(self, entry: Entry[K, V]) -> None:
        """Stop to hold an entry which left for another reason than the policy's choice."""

    def victim(self) -> Entry[K, V]:
        """Choose the entry to evict and stop to hold it; the policy holds at least one."""

    def clear(self) -> None:
        """Stop to hold anything."""
