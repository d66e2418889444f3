"""A cache in memory in front of slower tiers, awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Generic, overload

from .async_cache import AsyncCache
from .entry import MISSING, Missing, Timed, V
from .statistics import TierCounts, TieredStatistics
from .tier import AsyncAnnounces, AsyncFillable, AsyncTier
from .tiered import _shorter


class AsyncTieredCache(Generic[V]):
    """As :class:`TieredCache`, for one event loop: the memory is an :class:`AsyncCache`.

    >>> import asyncio
    >>> async def main():
    ...     async with AsyncCache(max_items=10) as memory, AsyncCache(max_items=100) as behind:
    ...         cache = AsyncTieredCache(memory, AsyncTieredCache(behind))
    ...         await cache.put("ada", 1)
    ...         await memory.clear()
    ...         return await cache.get("ada")
    >>> asyncio.run(main())
    1
    """

    def __init__(self, memory: AsyncCache[str, V], *tiers: AsyncTier[V]) -> None:
        self.memory = memory
        self._tiers = tiers
        self._counts = TierCounts(len(tiers))

    @overload
    async def get(self, key: str) -> V | Missing: ...
    @overload
    async def get(self, key: str, default: Any) -> Any: ...
    async def get(self, key: str, default: Any = MISSING) -> Any:
        """Return the value from the first tier that has it, and keep it in those before; else `default`."""
        value = await self.memory.load(key, self._find)
        return default if value is MISSING else value

    async def load(self, key: str, loader: Callable[[str], Awaitable[V]], *, ttl: float | None = None) -> V:
        """Return the value, or have `loader` make it once for all tasks, and store it in every tier."""

        async def find_or_load(wanted: str) -> Any:
            value = await self._find(wanted)
            if value is MISSING:
                value = await loader(wanted)
                await self._store(wanted, value, ttl)
            return value

        value: V = await self.memory.load(key, find_or_load, ttl=ttl)
        return value

    async def put(self, key: str, value: V, ttl: float | None = None) -> None:
        """Store the value in every tier, the most durable first.

        It is kept in memory unless somebody else is heard to change it meanwhile.
        """

        async def write(_: str) -> V:
            await self._store(key, value, ttl)
            return value

        try:
            await self.memory.renew(key, write, ttl=ttl)
        except BaseException:
            # A cancelled write may have been made: nobody knows, so nobody reads it from memory.
            await self.memory.remove(key)
            raise

    async def remove(self, key: str) -> None:
        """Remove the value from every tier, the most durable first; a load under way is not kept."""
        try:
            for tier in reversed(self._tiers):
                await tier.remove(key)
            self._counts.removed += 1
        finally:
            await self.memory.remove(key)

    async def forget(self, key: str | None) -> None:
        """Drop a value from memory because somebody else changed it; None: all of them."""
        if key is None:
            await self.memory.clear()
        else:
            await self.memory.remove(key)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Drop from memory what other processes change, for as long as the block lasts."""
        async with AsyncExitStack() as stack:
            for tier in self._tiers:
                if isinstance(tier, AsyncAnnounces):
                    await stack.enter_async_context(tier.listen(self.forget))
            yield

    async def find(self, key: str) -> Timed[V] | None:
        """Return the value and for how long it still holds, or None: this cache is a tier itself."""
        value = await self.get(key)
        return None if value is MISSING else Timed(value, self.memory.remaining(key))

    async def fill(self, key: str, value: V, ttl: float | None) -> None:
        """Keep a value in memory, if there is none: this cache is a tier itself."""

        async def known(_: str) -> Timed[V]:
            return Timed(value, ttl)

        await self.memory.load(key, known)

    async def _find(self, key: str) -> Any:
        """The value from the tiers behind the memory, kept in those that were asked before."""
        for place, tier in enumerate(self._tiers):
            found = await tier.find(key)
            if found is not None:
                self._counts.found[place] += 1
                for missed in reversed(self._tiers[:place]):
                    if isinstance(missed, AsyncFillable):
                        await missed.fill(key, found.value, found.ttl)
                return Timed(found.value, _shorter(found.ttl, self.memory.ttl))
        self._counts.missed += 1
        return MISSING

    async def _store(self, key: str, value: V, ttl: float | None) -> None:
        for tier in reversed(self._tiers):
            await tier.put(key, value, ttl)
        self._counts.stored += 1

    def statistics(self) -> TieredStatistics:
        """The counters of this moment: those of the memory, and what the tiers behind it knew."""
        return self._counts.beside(self.memory.statistics())

    def __repr__(self) -> str:
        behind = ", ".join(type(tier).__name__ for tier in self._tiers)
        return f"<AsyncTieredCache: {self.memory!r} before {behind or 'nothing'}, {self._counts}>"
