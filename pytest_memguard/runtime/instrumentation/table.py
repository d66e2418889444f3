"""`instrument`: which adapter knows which class.  No library is imported: its objects are told by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .ledger import Instrumentation

ADAPTERS: dict[str, str] = {
    "sqlalchemy.Engine": "databases.sqlalchemy_engine",
    "sqlalchemy.AsyncEngine": "databases.sqlalchemy_engine",
    "sqlalchemy.Pool": "databases.sqlalchemy_pool",
    "psycopg_pool.ConnectionPool": "databases.psycopg_pool",
    "psycopg_pool.AsyncConnectionPool": "databases.psycopg_async_pool",
    "asyncpg.Pool": "databases.asyncpg_pool",
    "redis.ConnectionPool": "databases.redis_pool",
    "redis.Redis": "databases.redis_client",
    "httpx.Client": "web.httpx_client",
    "httpx.AsyncClient": "web.httpx_async_client",
    "httpcore.ConnectionPool": "web.httpcore_pool",
    "httpcore.AsyncConnectionPool": "web.httpcore_async_pool",
    "urllib3.HTTPConnectionPool": "web.urllib3_pool",
    "urllib3.PoolManager": "web.urllib3_manager",
    "requests.Session": "web.requests_session",
    "aiohttp.ClientSession": "web.aiohttp_session",
    "aiohttp.BaseConnector": "web.aiohttp_connector",
    "concurrent.Executor": "executors.executor",
    "cachetools.Cache": "caches.cachetools_cache",
    "functools._lru_cache_wrapper": "caches.lru_cache",
    "cachebox.BaseCacheImpl": "caches.cachebox_cache",
}
"""Top-level package and class, of the object or of one of its base classes, and the adapter's function."""


def instrument(target: Any, name: str | None = None) -> Instrumentation:
    """Put the ledger's events around a pool, client, executor or cache of another library.

    From now on what it lends is in `outstanding()` with the line that took it, listeners hear of it, and
    `pytest --memguard` reports what a test does not give back.  The answer ends it: `undo()`, or a `with`
    block.  Known are SQLAlchemy engines and pools, psycopg_pool, asyncpg, redis, httpx, httpcore, urllib3,
    requests, aiohttp, `concurrent.futures` executors, cachetools, cachebox and `functools.lru_cache`.
    Raises `TypeError` for anything else.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(1) as executor, instrument(executor, name="workers") as watched:
    ...     executor.submit(abs, -5).result()
    ...     watched
    5
    <instrumented ThreadPoolExecutor 'workers': 0 outstanding>
    """
    adapter = _adapter_of(target)
    if adapter is None:
        known = ", ".join(sorted(ADAPTERS))
        raise TypeError(f"instrument() does not know {type(target).__qualname__}; it knows {known}")
    return adapter(target, name)


def _adapter_of(target: Any) -> Callable[[Any, str | None], Instrumentation] | None:
    for base in type(target).__mro__:
        place = ADAPTERS.get(f"{base.__module__.partition('.')[0]}.{base.__name__}")
        if place is not None:
            room, function = place.split(".")
            adapter: Callable[[Any, str | None], Instrumentation] = getattr(
                import_module(f".{room}", __package__), function
            )
            return adapter
    return None
