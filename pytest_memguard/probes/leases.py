"""Leases of the runtime utilities (pools, buffers, scopes) that were not given back.

They carry their own origin and tell of their own end; nothing is patched.  Cost: one dictionary entry a
lease, and nothing at all until `pytest_memguard.runtime` is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..origins import Acquisition, Owner
from .patches import Stands
from .probe import Book, Census, Key, Sight


class Leases:
    """Leases of every lender in the process."""

    name = "lease"

    def __init__(self) -> None:
        self._owners: dict[int, Owner] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self._book: Book | None = None

    def start(self, book: Book, _: Stands) -> None:
        """Listen to the runtime's events when it is there; `take` looks again."""
        self._book = book
        self._find()

    def stop(self) -> None:
        """Listen no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._owners.clear()

    def take(self) -> Census:
        """The leases that have begun and not ended."""
        self._find()
        if self._unsubscribe is None:
            return frozenset()
        return frozenset((self.name, lease.id) for lease in self._outstanding())

    def describe(self, key: Key) -> Sight | None:
        """Tell what was lent by whom."""
        for lease in self._outstanding():
            if lease.id == key[1]:
                return Sight(lease.kind, f"of {lease.owner}, not released", self._acquired(lease), lease)
        return None

    def forget(self, ended: Owner) -> None:
        """Drop the records of an owner that has been judged."""
        self._owners = {number: owner for number, owner in self._owners.copy().items() if owner is not ended}

    def _outstanding(self) -> tuple[Any, ...]:
        module = sys.modules.get("pytest_memguard.runtime.lease")
        return module.outstanding() if module is not None else ()

    def _acquired(self, lease: Any) -> Acquisition | None:
        owner = self._owners.get(lease.id if hasattr(lease, "id") else lease.lease_id)
        return Acquisition(lease.kind, f"of {lease.owner}", lease.origin, owner) if owner is not None else None

    def _find(self) -> None:
        events = sys.modules.get("pytest_memguard.runtime.events")
        if events is not None and self._unsubscribe is None and hasattr(events, "subscribe"):
            self._unsubscribe = events.subscribe(self._heard)

    def _heard(self, event: Any) -> None:
        if self._book is None:
            return
        if event.action == "acquired":
            self._owners[event.lease_id] = self._book.current()
            return
        if event.action == "dropped":
            acquired = self._acquired(event)
            if acquired is not None:
                self._book.drop(acquired, f"of {event.owner}")
        self._owners.pop(event.lease_id, None)
