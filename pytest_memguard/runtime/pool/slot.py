"""One unit of a pool's capacity, with or without a resource in it."""

from __future__ import annotations

import weakref
from math import inf
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")


class Empty:
    """The type of the mark that a slot holds no resource: None may be a resource."""

    def __repr__(self) -> str:
        return "EMPTY"


EMPTY: Final = Empty()


class Slot(Generic[T]):
    """The right to have one resource; it passes from borrower to borrower and is never in two hands."""

    __slots__ = (
        "adrift",
        "expires_at",
        "fresh_until",
        "generation",
        "idle_since",
        "lease",
        "leased_at",
        "resource",
        "unfit",
    )

    def __init__(self, generation: int) -> None:
        self.resource: Any = EMPTY
        self.lease: weakref.ref[Any] | None = None
        """Who holds it, weakly: a lease that is dropped must be noticed."""
        self.leased_at = 0.0
        self.idle_since = 0.0
        self.expires_at = inf
        """When the resource has lived long enough."""
        self.fresh_until = -inf
        """Until when the resource can be handed out without looking at it."""
        self.generation = generation
        """Which filling of the pool it belongs to: `drain` and `expire` begin a new one."""
        self.adrift = False
        """Its lease has ended and nothing else has it yet; an interrupt finds it by this mark."""
        self.unfit = False
        """The resource must be closed before anything else (its lease was dropped)."""

    @property
    def filled(self) -> bool:
        """Whether there is a resource in it."""
        return self.resource is not EMPTY

    def empty(self) -> T:
        """Take the resource out, so that it is closed once whatever happens next."""
        resource: T = self.resource
        self.resource = EMPTY
        self.unfit = False
        self.fresh_until = -inf
        self.expires_at = inf
        return resource
