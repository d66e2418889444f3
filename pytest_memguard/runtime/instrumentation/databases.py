"""Adapters for pools of database connections."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .ledger import Instrumentation

CONNECTION = "database connection"


def sqlalchemy_engine(engine: Any, name: str | None) -> Instrumentation:
    """A SQLAlchemy engine, sync or async: its pool."""
    return sqlalchemy_pool(engine.pool, name)


def sqlalchemy_pool(pool: Any, name: str | None) -> Instrumentation:
    """A SQLAlchemy pool, by its own events; a connection reclaimed by the collector counts as given back late."""
    watched = Instrumentation(pool, CONNECTION, name)
    event = import_module("sqlalchemy.event")

    def checkout(_connection: Any, record: Any, _proxy: Any) -> None:
        watched.begin(id(record))

    def checkin(_connection: Any, record: Any) -> None:
        watched.end(id(record))

    for what, listener in (("checkout", checkout), ("checkin", checkin), ("detach", checkin)):
        event.listen(pool, what, listener)
        watched.on_undo(lambda what=what, listener=listener: event.remove(pool, what, listener))  # type: ignore[misc]
    return watched


def psycopg_pool(pool: Any, name: str | None) -> Instrumentation:
    """`psycopg_pool.ConnectionPool`."""
    watched = Instrumentation(pool, CONNECTION, name or pool.name, ("psycopg", "psycopg_pool"))

    def getconn(original: Any, _: Any, *args: Any, **kwargs: Any) -> Any:
        connection = original(*args, **kwargs)
        watched.begin(id(connection))
        return connection

    def putconn(original: Any, _: Any, connection: Any) -> None:
        watched.end(id(connection))
        original(connection)

    watched.override(pool, getconn=getconn, putconn=putconn)
    return watched


def psycopg_async_pool(pool: Any, name: str | None) -> Instrumentation:
    """`psycopg_pool.AsyncConnectionPool`."""
    watched = Instrumentation(pool, CONNECTION, name or pool.name, ("psycopg", "psycopg_pool"))

    async def getconn(original: Any, _: Any, *args: Any, **kwargs: Any) -> Any:
        connection = await original(*args, **kwargs)
        watched.begin(id(connection))
        return connection

    async def putconn(original: Any, _: Any, connection: Any) -> None:
        watched.end(id(connection))
        await original(connection)

    watched.override(pool, getconn=getconn, putconn=putconn)
    return watched


def asyncpg_pool(pool: Any, name: str | None) -> Instrumentation:
    """`asyncpg.Pool`."""
    watched = Instrumentation(pool, CONNECTION, name)

    async def acquire(original: Any, _: Any, timeout: Any) -> Any:
        connection = await original(timeout)
        watched.begin(id(connection))
        return connection

    async def release(original: Any, _: Any, connection: Any, **kwargs: Any) -> Any:
        watched.end(id(connection))
        return await original(connection, **kwargs)

    watched.override(pool, _acquire=acquire, release=release)
    return watched


def redis_client(client: Any, name: str | None) -> Instrumentation:
    """`redis.Redis`, sync or async: its pool."""
    return redis_pool(client.connection_pool, name)


def redis_pool(pool: Any, name: str | None) -> Instrumentation:
    """`redis.ConnectionPool`, sync or async."""
    watched = Instrumentation(pool, CONNECTION, name)

    def get(original: Any, _: Any, *args: Any, **kwargs: Any) -> Any:
        connection = original(*args, **kwargs)
        watched.begin(id(connection))
        return connection

    def release(original: Any, _: Any, connection: Any) -> Any:
        watched.end(id(connection))
        return original(connection)

    async def get_async(original: Any, _: Any, *args: Any, **kwargs: Any) -> Any:
        connection = await original(*args, **kwargs)
        watched.begin(id(connection))
        return connection

    asynchronous = ".asyncio." in type(pool).__module__
    watched.override(pool, get_connection=get_async if asynchronous else get, release=release)
    return watched
