"""What a plan asks its driver to do: the only places where a pool waits or touches a resource.

Nobody changes them; they are not frozen because that trebles the time to make one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from .slot import Slot
from .state import Waiter


@dataclass(slots=True)
class Wait:
    """Wait until the waiter is woken or the time has passed."""

    waiter: Waiter[Any]
    timeout: float | None


@dataclass(slots=True)
class Sleep:
    """Let some time pass; closing the pool may end it early."""

    seconds: float


@dataclass(slots=True)
class Open:
    """Call the factory; the answer is the resource."""


@dataclass(slots=True)
class Check:
    """Ask whether the resource is alive; the answer is a truth value."""

    slot: Slot[Any]


@dataclass(slots=True)
class Reset:
    """Clean the resource for the next borrower."""

    slot: Slot[Any]


@dataclass(slots=True)
class Close:
    """Close the resource, which has left its slot."""

    resource: Any


Step: TypeAlias = Wait | Sleep | Open | Check | Reset | Close
