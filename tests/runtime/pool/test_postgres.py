"""The pools against a real PostgreSQL: connections that are killed, transactions that are left open, many users."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import pytest

from pytest_memguard.runtime import AsyncPool, Backoff, Pool

psycopg = pytest.importorskip("psycopg")

DSN = "host=127.0.0.1 port={port} dbname=test user=root"


@pytest.fixture
def dsn(postgres_port: int) -> str:
    return DSN.format(port=postgres_port)


def alive(connection: Any) -> bool:
    connection.execute("select 1")
    return True


async def alive_async(connection: Any) -> bool:
    await connection.execute("select 1")
    return True


def pool_of(dsn: str, **settings: Any) -> Pool[Any]:
    return Pool(
        lambda: psycopg.connect(dsn),
        name="pg",
        check=alive,
        reset=lambda connection: connection.rollback(),
        retry_on=(psycopg.OperationalError,),
        backoff=Backoff(first=0.01),
        **settings,
    )


def backend(connection: Any) -> int:
    return connection.info.backend_pid


def test_an_open_transaction_does_not_reach_the_next_borrower(dsn: str) -> None:
    with pool_of(dsn, maximum=1) as pool:
        with pool.acquire() as connection:
            connection.execute("create temporary table left_behind (x int)")
        with pool.acquire() as connection:
            (found,) = connection.execute("select to_regclass('left_behind')").fetchone()
    assert found is None


def test_a_killed_connection_is_replaced_unseen(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as killer, pool_of(dsn, maximum=1) as pool:
        with pool.acquire() as connection:
            killed = backend(connection)
        killer.execute("select pg_terminate_backend(%s)", (killed,))
        with pool.acquire() as connection:
            assert connection.execute("select 1").fetchone() == (1,)
            assert backend(connection) != killed
        assert pool.statistics().check_failures == 1


def test_many_threads_share_few_connections_while_half_are_killed(dsn: str) -> None:
    done: list[int] = []
    with psycopg.connect(dsn, autocommit=True) as killer, pool_of(dsn, maximum=5) as pool:

        def work(number: int) -> None:
            for _ in range(5):
                with pool.acquire() as connection:
                    connection.execute("select 1")
                done.append(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        leases = [pool.acquire() for _ in range(5)]
        victims = [backend(lease.value) for lease in leases[:3]]
        for lease in leases:
            lease.release()
        for victim in victims:
            killer.execute("select pg_terminate_backend(%s)", (victim,))
        leases = [pool.acquire() for _ in range(5)]
        assert not set(victims) & {backend(lease.value) for lease in leases}
        for lease in leases:
            lease.value.execute("select 1")
            lease.release()
    assert len(done) == 200
    assert pool.statistics().open == 0


def test_nothing_stays_open_at_the_server(dsn: str) -> None:
    name = f"memguard pool test {os.getpid()}"
    with psycopg.connect(dsn, autocommit=True) as observer:

        def seen(expected: int) -> int:
            """How many the server sees, which notices a closed connection a little later."""
            for _ in range(200):
                (count,) = observer.execute(
                    "select count(*) from pg_stat_activity where application_name = %s", (name,)
                ).fetchone()
                if count == expected:
                    break
                threading.Event().wait(0.02)
            return count

        with pool_of(f"{dsn} application_name='{name}'", minimum=3) as pool:
            assert seen(3) == 3
            pool.acquire().discard()
            assert seen(2) == 2
        assert seen(0) == 0


def test_a_thousand_tasks_cancelled_at_random_lose_no_connection(dsn: str) -> None:
    import random

    chances = random.Random(3)

    async def main() -> tuple[int, int]:
        async def connect() -> Any:
            return await psycopg.AsyncConnection.connect(dsn)

        pool: AsyncPool[Any] = AsyncPool(
            connect,
            name="pg",
            maximum=8,
            check=alive_async,
            reset=lambda connection: connection.rollback(),
            retry_on=(psycopg.OperationalError,),
            timeout=60,
        )

        async def work() -> None:
            async with pool.acquire() as connection:
                await connection.execute("select 1")

        tasks = [asyncio.create_task(work()) for _ in range(1000)]
        loop = asyncio.get_running_loop()
        cancelled = chances.sample(tasks, 300)
        for task in cancelled:
            loop.call_later(chances.random() * 0.5, task.cancel)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [error for error in results if isinstance(error, BaseException)]
        assert {type(error) for error in errors} <= {asyncio.CancelledError}
        leases = [await pool.acquire() for _ in range(8)]
        usable = len({id(lease.value) for lease in leases})
        for lease in leases:
            await lease.release()
        await pool.close()
        return usable, pool.statistics().open

    assert asyncio.run(main()) == (8, 0)


def test_a_thousand_tasks_share_as_many_connections_as_the_server_grants(dsn: str) -> None:
    """As many as are free, less twenty for whoever else uses the server: 70 at most, all held at once."""
    with psycopg.connect(dsn, autocommit=True) as observer:
        most, kept, used = (
            int(observer.execute(query).fetchone()[0])
            for query in (
                "show max_connections",
                "show superuser_reserved_connections",
                "select count(*) from pg_stat_activity",
            )
        )
    count = min(70, most - kept - used - 20)
    if count < 10:
        pytest.skip(f"the server grants {most} connections and {used} are in use")

    async def main() -> tuple[set[int], int, int]:
        async def connect() -> Any:
            return await psycopg.AsyncConnection.connect(dsn)

        backends: set[int] = set()
        everyone = asyncio.Event()

        async def work() -> int:
            async with pool.acquire() as connection:
                backends.add(backend(connection))
                if len(backends) == count:
                    everyone.set()
                await everyone.wait()
                cursor = await connection.execute("select 1")
                (one,) = await cursor.fetchone()
                return int(one)

        async with AsyncPool(connect, name="pg", maximum=count, reset=lambda c: c.rollback(), timeout=120) as pool:
            answers = await asyncio.gather(*(work() for _ in range(1000)))
        return backends, sum(answers), pool.statistics().open

    backends, answers, still_open = asyncio.run(main())
    assert (len(backends), answers, still_open) == (count, 1000, 0)
