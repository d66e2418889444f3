"""What a cache in memory can be put in front of: another cache, Redis, a store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol, TypeVar, runtime_checkable

from .entry import Timed

V = TypeVar("V")

Forget = Callable[[str | None], object]
"""Told which key others have changed; None when that is not known and all may have changed."""

AsyncForget = Callable[[str | None], Awaitable[object]]
"""The same, awaited."""


class Tier(Protocol[V]):
    """A slower and larger place for values, by text keys."""

    def find(self, key: str) -> Timed[V] | None:
        """Return the value and for how long it still holds, or None."""

    def put(self, key: str, value: V, ttl: float | None) -> None:
        """Store the value, for `ttl` seconds or for good."""

    def remove(self, key: str) -> None:
        """Remove the value if it is there."""


class AsyncTier(Protocol[V]):
    """The same, awaited."""

    async def find(self, key: str) -> Timed[V] | None:
        """Return the value and for how long it still holds, or None."""

    async def put(self, key: str, value: V, ttl: float | None) -> None:
        """Store the value, for `ttl` seconds or for good."""

    async def remove(self, key: str) -> None:
        """Remove the value if it is there."""


@runtime_checkable
class Fillable(Protocol):
    """A tier that keeps what was found in a tier behind it."""

    def fill(self, key: str, value: Any, ttl: float | None) -> object:
        """Store the value if there is none: somebody may have written a newer one meanwhile."""


@runtime_checkable
class AsyncFillable(Protocol):
    """The same, awaited."""

    async def fill(self, key: str, value: Any, ttl: float | None) -> object:
        """Store the value if there is none: somebody may have written a newer one meanwhile."""


@runtime_checkable
class Announces(Protocol):
    """A tier that tells of the changes which other processes make."""

    def listen(self, forget: Forget) -> AbstractContextManager[object]:
        """Call `forget` with each changed key for as long as the context lasts, from a thread of its own."""


@runtime_checkable
class AsyncAnnounces(Protocol):
    """The same, in the running event loop."""

    def listen(self, forget: AsyncForget) -> AbstractAsyncContextManager[object]:
        """Call `forget` with each changed key for as long as the context lasts."""
