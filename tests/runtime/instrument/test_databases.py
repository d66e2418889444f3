from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_memguard.runtime import Event, instrument, subscribe

PG = "host=127.0.0.1 port={} dbname=test user=root"


def functions(watched: Any) -> list[str]:
    """Which function took each thing that is outstanding."""
    return [lease.origin.frames()[0].function for lease in watched.outstanding()]


def test_a_sqlalchemy_connection_is_outstanding_until_it_is_closed(postgres_port: int) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine(f"postgresql+psycopg://root@127.0.0.1:{postgres_port}/test")

    def load_user() -> Any:
        return engine.connect()

    heard: list[Event] = []
    leave = subscribe(heard.append)
    with instrument(engine, name="users") as watched:
        connection = load_user()
        connection.execute(sqlalchemy.text("select 1"))
        assert functions(watched) == ["load_user"]
        assert [lease.owner for lease in watched.outstanding()] == ["QueuePool 'users'"]
        connection.close()
        assert functions(watched) == []
    leave()
    load_user().close()
    engine.dispose()
    assert [event.action for event in heard] == ["acquired", "released"]


def test_an_async_sqlalchemy_connection_is_traced_through_its_greenlet(postgres_port: int) -> None:
    pytest.importorskip("sqlalchemy")
    asyncpg = pytest.importorskip("asyncpg")
    from sqlalchemy.ext.asyncio import create_async_engine

    assert asyncpg
    engine = create_async_engine(f"postgresql+asyncpg://root@127.0.0.1:{postgres_port}/test")

    async def load_user() -> Any:
        return await engine.connect()

    async def main() -> None:
        with instrument(engine) as watched:
            connection = await load_user()
            assert functions(watched) == ["load_user"]
            await connection.close()
            assert functions(watched) == []
        await engine.dispose()

    asyncio.run(main())


def test_a_psycopg_connection_is_outstanding_until_it_is_put_back(postgres_port: int) -> None:
    psycopg_pool = pytest.importorskip("psycopg_pool")
    with psycopg_pool.ConnectionPool(PG.format(postgres_port), min_size=1, max_size=2, name="users") as pool:

        def load_user() -> Any:
            return pool.getconn()

        with instrument(pool) as watched:
            connection = load_user()
            with pool.connection():
                assert functions(watched) == [
                    "load_user",
                    "test_a_psycopg_connection_is_outstanding_until_it_is_put_back",
                ]
            assert functions(watched) == ["load_user"]
            pool.putconn(connection)
            assert functions(watched) == []
        assert type(pool) is psycopg_pool.ConnectionPool


def test_an_async_psycopg_connection_is_outstanding_until_it_is_put_back(postgres_port: int) -> None:
    psycopg_pool = pytest.importorskip("psycopg_pool")

    async def main() -> None:
        pool = psycopg_pool.AsyncConnectionPool(PG.format(postgres_port), min_size=1, open=False)
        await pool.open()
        with instrument(pool) as watched:
            async with pool.connection():
                assert functions(watched) == ["main"]
            assert functions(watched) == []
        await pool.close()

    asyncio.run(main())


def test_an_asyncpg_connection_is_outstanding_until_it_is_released(postgres_port: int) -> None:
    asyncpg = pytest.importorskip("asyncpg")

    async def main() -> None:
        pool = await asyncpg.create_pool(f"postgresql://root@127.0.0.1:{postgres_port}/test", min_size=1)
        with instrument(pool) as watched:
            connection = await pool.acquire()
            assert functions(watched) == ["main"]
            await pool.release(connection)
            async with pool.acquire():
                assert len(functions(watched)) == 1
            assert functions(watched) == []
        await pool.close()

    asyncio.run(main())


def test_a_redis_connection_is_outstanding_until_it_is_released(redis_port: int) -> None:
    redis = pytest.importorskip("redis")
    client = redis.Redis(port=redis_port)
    with instrument(client) as watched:
        client.ping()
        assert functions(watched) == []
        subscriber = client.pubsub()
        subscriber.subscribe("news")
        assert functions(watched) == ["test_a_redis_connection_is_outstanding_until_it_is_released"]
        subscriber.close()
        assert functions(watched) == []
    client.close()


def test_an_async_redis_connection_is_outstanding_until_it_is_released(redis_port: int) -> None:
    redis = pytest.importorskip("redis.asyncio")

    async def main() -> None:
        client = redis.Redis(port=redis_port)
        with instrument(client.connection_pool) as watched:
            await client.ping()
            assert functions(watched) == []
            connection = await client.connection_pool.get_connection()
            assert functions(watched) == ["main"]
            await client.connection_pool.release(connection)
            assert functions(watched) == []
        await client.aclose()

    asyncio.run(main())
