"""One cached value and what the cache knows of it, and the record of its leaving."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from .heap import Ticket
    from .holders import Holding

K = TypeVar("K")
V = TypeVar("V")


class Missing(enum.Enum):
    """The type of :data:`MISSING`."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING
"""What stands for "there is no value", where ``None`` could be one."""


class Timed(NamedTuple, Generic[V]):
    """A value and for how long it holds: what a loader returns that knows (a token with its expiry)."""

    value: V
    ttl: float | None
    """Seconds; None when it holds as long as the cache likes."""


class Cause(enum.Enum):
    """Why an entry left a cache."""

    REPLACED = "replaced"
    """Another value was put under its key."""
    EVICTED = "evicted"
    """The bound was reached and the policy chose it."""
    EXPIRED = "expired"
    """Its time to live was over."""
    IDLE = "idle"
    """Nobody asked for it during the idle time."""
    PRESSURE = "pressure"
    """Memory ran short and the cache was asked to give some back."""
    REMOVED = "removed"
    """Somebody removed it, alone or with all the others (``clear``)."""
    TAKEN = "taken"
    """Somebody took it out and owns it from now on; it is not closed."""
    CLOSED = "closed"
    """The cache was closed."""

    __hash__ = object.__hash__  # members are singletons; an enum's own hash is a call in Python


class Entry(Generic[K, V]):
    """A key, its value, and the fields by which policies and deadlines find their way.

    ``older`` and ``newer`` belong to the chain that holds the entry; ``place`` and ``ticket`` belong to the
    policy; ``alarm`` belongs to the deadlines.  Other threads read an entry without a lock.
    """

    __slots__ = (
        "alarm",
        "alive",
        "attended",
        "deadline",
        "expires",
        "holding",
        "idle",
        "key",
        "newer",
        "older",
        "place",
        "priority",
        "ticket",
        "value",
        "visits",
        "weight",
    )

    def __init__(self, key: K, value: V, weight: int = 1, priority: float = 0) -> None:
        self.key = key
        self.value = value
        self.weight = weight
        self.priority = priority
        self.visits = 0
        self.alive = False
        self.attended = False
        """Whether a hit must do more than to count the visit."""
        self.deadline: float | None = None
        """When it may no longer be handed out: the earlier of ``expires`` and the end of the idle time."""
        self.expires: float | None = None
        self.idle: float | None = None
        self.holding: Holding | None = None
        """Who holds the value, where the cache owns its values."""
        self.older: Entry[K, V] | None = None
        self.newer: Entry[K, V] | None = None
        self.place = 0
        self.ticket: Ticket[Entry[K, V]] | None = None
        self.alarm: Ticket[Entry[K, V]] | None = None


class Removal(NamedTuple, Generic[K, V]):
    """An entry that has left: told to ``on_remove`` and, if it says so, to be closed."""

    key: K
    value: V
    cause: Cause
    release: bool
    """Whether the cache owned the value and nothing else of the cache holds it still."""
