"""How many resources a pool can lend at once: asked of pools from several libraries, none imported here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

Enter = Callable[[], Any]
"""Makes an async context manager that holds one resource."""


async def slots(enter: Enter, most: int, patience: float = 3.0) -> int:
    """Hold as many resources at once as can be had, at most `most`, and give how many they were.

    Each is waited for `patience` seconds: long enough for a busy server to answer, since a slot that came too
    late would be called lost.

    >>> import asyncio
    >>> asyncio.run(slots(lambda: asyncio.Semaphore(1), 3, patience=0.01))
    3
    """
    async with AsyncExitStack() as stack:
        for held in range(most):
            try:
                async with asyncio.timeout(patience):
                    await stack.enter_async_context(enter())
            except Exception:
                return held
        return most


def _names(pool: Any) -> Iterator[str]:
    """Library and class, for each class that the pool is one of."""
    for known in type(pool).__mro__:
        yield f"{known.__module__.partition('.')[0]}.{known.__qualname__}"


def holder_of(pool: Any) -> tuple[Enter, int] | None:
    """How to hold one resource of a known kind of pool, and how many there are; None for an unknown kind."""
    return next((_KNOWN[name](pool) for name in _names(pool) if name in _KNOWN), None)


def _ours(pool: Any) -> tuple[Enter, int]:
    return pool.acquire, pool.statistics().maximum


def _psycopg(pool: Any) -> tuple[Enter, int]:
    return pool.connection, pool.max_size


def _asyncpg(pool: Any) -> tuple[Enter, int]:
    return pool.acquire, pool.get_max_size()


def _sqlalchemy(engine: Any) -> tuple[Enter, int]:
    return engine.connect, engine.pool.size() + max(0, engine.pool._max_overflow)


def _redis(pool: Any) -> tuple[Enter, int]:
    @asynccontextmanager
    async def hold() -> AsyncIterator[Any]:
        connection = await pool.get_connection()
        try:
            yield connection
        finally:
            await pool.release(connection)

    return hold, pool.max_connections


def _httpcore(pool: Any) -> int:
    """Holding a connection would take a server, so the connections that nobody will give back are counted."""
    stuck = sum(not (each.is_idle() or each.is_closed()) for each in pool.connections)
    return int(pool._max_connections) - stuck


def _httpx(client: Any) -> int:
    return _httpcore(client._transport._pool)


def _aiohttp(session: Any) -> int:
    connector = session.connector
    return int(connector.limit) - len(connector._acquired)


_COUNTED: dict[str, Callable[[Any], int]] = {
    "httpcore.AsyncConnectionPool": _httpcore,
    "httpx.AsyncClient": _httpx,
    "aiohttp.ClientSession": _aiohttp,
}
"""Kinds of pool whose free slots can be read off."""

_KNOWN: dict[str, Callable[[Any], tuple[Enter, int]]] = {
    "pytest_memguard.AsyncPool": _ours,
    "psycopg_pool.AsyncConnectionPool": _psycopg,
    "asyncpg.Pool": _asyncpg,
    "sqlalchemy.AsyncEngine": _sqlalchemy,
    "redis.ConnectionPool": _redis,
}


async def usable(pool: Any) -> int:
    """How many resources a known kind of pool can lend at once.  Raises `TypeError` for another kind."""
    for name in _names(pool):
        if name in _COUNTED:
            return _COUNTED[name](pool)
    known = holder_of(pool)
    if known is None:
        raise TypeError(
            f"cancel_everywhere does not know how to count the slots of {type(pool).__qualname__}: "
            "pass capacity=, a coroutine function that takes it and answers with a number"
        )
    return await slots(*known)


CapacityOf = Callable[[Any], Awaitable[int]]
