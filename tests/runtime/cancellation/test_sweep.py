"""The sweep finds what it looks for: each subject here has one fault, or none."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from pytest_memguard.runtime import (
    CancellationSwallowed,
    CapacityLost,
    LeftOpen,
    Scope,
    cancel_everywhere,
)
from pytest_memguard.runtime.cancellation.capacity import slots, usable


class Queue:
    """Hands slots over through futures, as a fair pool does."""

    def __init__(self, careful: bool) -> None:
        self.free = 1
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.careful = careful

    @asynccontextmanager
    async def acquire(self) -> Any:
        if not self.free:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting.append(future)
            try:
                await future
            except asyncio.CancelledError:
                if self.careful and not future.cancelled():
                    self.give()  # it was handed over all the same
                raise
        else:
            self.free -= 1
        try:
            yield
        finally:
            self.give()

    def give(self) -> None:
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_result(None)
                return
        self.free += 1


async def borrow(pool: Any) -> None:
    async with pool.acquire():
        await asyncio.sleep(0)


async def hold(pool: Any) -> None:
    async with pool.acquire():
        for _ in range(3):
            await asyncio.sleep(0)


async def capacity(pool: Any) -> int:
    return await slots(pool.acquire, 1, patience=0.01)


async def queue(careful: bool) -> Queue:
    return Queue(careful)


def test_a_slot_lost_in_the_moment_of_its_hand_over_is_found() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        cancel_everywhere(lambda: queue(careful=False), borrow, capacity=capacity, meanwhile=hold)

    (problem,) = caught.value.exceptions
    assert isinstance(problem, CapacityLost)
    assert "cancelled at await 1 (woken)" in str(problem)
    assert "in acquire: 0 of 1 slots can still be used" in str(problem)


def test_a_careful_hand_over_passes() -> None:
    sweep = cancel_everywhere(lambda: queue(careful=True), borrow, capacity=capacity, meanwhile=hold)

    assert (sweep.awaits, sweep.capacity, sweep.problems) == (2, 1, ())
    assert [trial.strikes for trial in sweep.trials] == [
        ((1, "waiting"),),
        ((1, "woken"),),
        ((2, "waiting"),),
        ((2, "woken"),),
    ]


def test_a_swallowed_cancellation_is_found_with_its_line() -> None:
    async def use(_: object) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)

    sweep = cancel_everywhere(object, use, capacity=None, complain=False)

    assert sweep.swallowed == len(sweep.trials) > 0
    assert isinstance(sweep.problems[0], CancellationSwallowed)
    assert f"{os.path.basename(__file__)}:" in str(sweep.problems[0])
    assert "in use: the body ran to its end as if nothing had happened" in str(sweep.problems[0])


def test_a_descriptor_left_open_is_found() -> None:
    opened: list[int] = []

    async def use(_: object) -> None:
        pipe = os.pipe()
        opened.extend(pipe)
        await asyncio.sleep(0)
        for descriptor in pipe:
            os.close(descriptor)
            opened.remove(descriptor)

    sweep = cancel_everywhere(object, use, capacity=None, complain=False)
    for descriptor in opened:
        os.close(descriptor)

    assert sweep.left_open == len(sweep.trials) == 2
    assert "left open 2 descriptors" in str(sweep.problems[0])


def test_a_lease_left_open_is_found_with_its_owner() -> None:
    scopes: list[Scope] = []

    async def use(_: object) -> None:
        scopes.append(Scope("upload"))
        scopes[-1].defer(int)
        await asyncio.sleep(0)
        scopes.pop().close()

    sweep = cancel_everywhere(object, use, capacity=None, complain=False)
    for scope in scopes:
        scope.close()

    assert [type(problem) for problem in sweep.problems] == [LeftOpen, LeftOpen]
    assert "of Scope 'upload': held, acquired at" in str(sweep.problems[0])


def test_a_close_that_hangs_does_not_hang_the_sweep() -> None:
    async def use(subject: list[int]) -> None:
        subject.append(1)
        await asyncio.sleep(0)
        subject.pop()

    async def close(subject: list[int]) -> None:
        if subject:
            await asyncio.Event().wait()

    sweep = cancel_everywhere(list, use, capacity=None, close=close, patience=0.01, complain=False)

    assert "a close that did not end within 0.01 s" in str(sweep.problems[0])


def test_an_error_of_the_undisturbed_body_is_raised_as_it_is() -> None:
    async def use(_: object) -> None:
        raise LookupError("no such table")

    with pytest.raises(LookupError, match="no such table"):
        cancel_everywhere(object, use, capacity=None)


def test_a_subject_of_an_unknown_kind_asks_for_a_capacity() -> None:
    async def use(_: object) -> None:
        await asyncio.sleep(0)

    with pytest.raises(TypeError, match="does not know how to count the slots of object: pass capacity="):
        cancel_everywhere(object, use)


def test_a_second_cancellation_is_tried_at_the_next_awaits() -> None:
    async def use(_: object) -> None:
        try:
            await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)

    once = cancel_everywhere(object, use, capacity=None)
    twice = cancel_everywhere(object, use, capacity=None, double=True)

    assert max(trial.struck for trial in once.trials) == 1
    assert max(trial.struck for trial in twice.trials) == 2


def test_the_slots_of_a_psycopg_pool_are_counted(postgres_port: int) -> None:
    psycopg_pool = pytest.importorskip("psycopg_pool")

    async def main() -> int:
        pool = psycopg_pool.AsyncConnectionPool(
            f"host=127.0.0.1 port={postgres_port} dbname=test user=root", min_size=0, max_size=2, open=False
        )
        async with pool:
            return await usable(pool)

    assert asyncio.run(main()) == 2


def test_the_slots_of_a_redis_pool_are_counted(redis_port: int) -> None:
    redis = pytest.importorskip("redis.asyncio")

    async def main() -> int:
        pool = redis.BlockingConnectionPool(port=redis_port, max_connections=3, timeout=1)
        try:
            return await usable(pool)
        finally:
            await pool.disconnect()

    assert asyncio.run(main()) == 3


def test_the_slots_of_an_sqlalchemy_engine_and_an_asyncpg_pool_are_counted(postgres_port: int) -> None:
    asyncpg = pytest.importorskip("asyncpg")
    asynchronous = pytest.importorskip("sqlalchemy.ext.asyncio")
    url = f"root@127.0.0.1:{postgres_port}/test"

    async def main() -> tuple[int, int]:
        engine = asynchronous.create_async_engine(f"postgresql+asyncpg://{url}", pool_size=2, max_overflow=1)
        pool = await asyncpg.create_pool(f"postgresql://{url}", min_size=0, max_size=2)
        counted = await usable(engine), await usable(pool)
        await engine.dispose()
        await pool.close()
        return counted

    assert asyncio.run(main()) == (3, 2)


async def heartbeat() -> None:
    while True:
        await asyncio.sleep(0.01)


@pytest.mark.memguard_allow("asyncio task", reason="it is left behind to be found")
def test_a_task_left_running_is_found_by_what_it_runs() -> None:
    async def use(_: object) -> None:
        task = asyncio.create_task(heartbeat())
        await asyncio.sleep(0)  # cancelled here, the task runs on
        try:
            await asyncio.sleep(0)
        finally:
            task.cancel()

    sweep = cancel_everywhere(object, use, capacity=None, close=lambda _: None, complain=False)

    assert [str(trial.strikes[0][0]) for trial in sweep.trials if trial.left_open] == ["1", "1"]
    assert {str(problem).rpartition(": ")[2] for problem in sweep.problems} == {"left open a task that runs heartbeat"}


@asynccontextmanager
async def web_server() -> Any:
    """Answers each request when told to; gives its address and what tells it."""
    answer = asyncio.Event()
    served: set[Any] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await answer.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/", answer
        await asyncio.wait(served)


def httpx_client() -> tuple[Any, Any]:
    httpx = pytest.importorskip("httpx")
    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=3))
    return client, client.get


def httpcore_pool() -> tuple[Any, Any]:
    pool = pytest.importorskip("httpcore").AsyncConnectionPool(max_connections=3)
    return pool, lambda url: pool.request("GET", url)


def aiohttp_session() -> tuple[Any, Any]:
    aiohttp = pytest.importorskip("aiohttp")
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=3))

    async def get(url: str) -> None:
        async with session.get(url) as response:
            await response.read()

    return session, get


@pytest.mark.parametrize("make", [httpx_client, httpcore_pool, aiohttp_session])
def test_the_slots_of_a_web_client_are_counted(make: Any) -> None:
    async def main() -> list[int]:
        async with web_server() as (url, answer):
            client, get = make()
            async with client:
                counted = [await usable(client)]
                request = asyncio.ensure_future(get(url))
                while await usable(client) == 3:
                    await asyncio.sleep(0)
                counted.append(await usable(client))
                answer.set()
                await request
                counted.append(await usable(client))
                return counted

    assert asyncio.run(main()) == [3, 2, 3]


def test_the_sweep_finds_a_live_fault_in_a_released_library() -> None:
    library = pytest.importorskip("generic_connection_pool.asyncio")

    class Manager(library.BaseConnectionManager):  # type: ignore[misc]
        async def create(self, *_: Any, **__: Any) -> object:
            await asyncio.sleep(0)
            return object()

        async def dispose(self, *_: Any, **__: Any) -> None:
            await asyncio.sleep(0)

    async def make() -> Any:
        return library.ConnectionPool(Manager(), max_size=2, total_max_size=2, min_idle=0)

    async def use(pool: Any) -> None:
        async with pool.connection("x"):
            await asyncio.sleep(0)

    async def count(pool: Any) -> int:
        return await slots(lambda: pool.connection("x"), 2, patience=0.05)

    sweep = cancel_everywhere(make, use, capacity=count, patience=0.1, complain=False)

    assert sweep.capacity == 2
    assert sweep.lost > 0
