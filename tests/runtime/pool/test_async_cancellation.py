"""Every public coroutine of the pool, cancelled at each of its awaits, once and twice: nothing may be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pytest_memguard.runtime import AsyncPool, cancel_everywhere


class Connection:
    open = 0

    def __init__(self) -> None:
        Connection.open += 1

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        Connection.open -= 1


async def connect() -> Connection:
    await asyncio.sleep(0)
    connection = Connection()
    await asyncio.sleep(0)
    return connection


async def yes(_: Any) -> bool:
    await asyncio.sleep(0)
    return True


async def no(_: Any) -> bool:
    await asyncio.sleep(0)
    return False


async def fail(_: Any) -> None:
    await asyncio.sleep(0)
    raise OSError("reset by peer")


def pool(**settings: Any) -> Callable[[], AsyncPool[Connection]]:
    return lambda: AsyncPool(connect, maximum=2, **settings)


async def borrow(subject: AsyncPool[Connection]) -> None:
    async with subject.acquire():
        await asyncio.sleep(0)


async def discard(subject: AsyncPool[Connection]) -> None:
    await (await subject.acquire()).discard()


async def hold_all(subject: AsyncPool[Connection]) -> None:
    leases = [await subject.acquire(), await subject.acquire()]
    for _ in range(3):
        await asyncio.sleep(0)
    for lease in leases:
        await lease.release()


async def warm(**settings: Any) -> AsyncPool[Connection]:
    subject = pool(**settings)()
    await hold_all(subject)
    return subject


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "checked": {"check": yes},
    "dead": {"check": no},
    "reset": {"reset": yes},
    "reset fails": {"reset": fail},
    "everything": {"check": yes, "reset": yes, "minimum": 1, "sweep_every": None},
}


@pytest.fixture(autouse=True)
def all_closed() -> Any:
    Connection.open = 0
    yield
    assert Connection.open == 0


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("scenario", ["cold", "warm", "waiting"])
def test_a_borrower_can_be_cancelled_anywhere(settings: dict[str, Any], scenario: str) -> None:
    make: Any = (lambda: warm(**settings)) if scenario == "warm" else pool(**settings)
    sweep = cancel_everywhere(make, borrow, meanwhile=hold_all if scenario == "waiting" else None, double=True)

    assert (sweep.capacity, sweep.problems) == (2, ())
    assert sweep.trials


async def hold_one(subject: AsyncPool[Connection]) -> None:
    async with subject.acquire():
        await asyncio.sleep(0)
        await asyncio.sleep(0)


METHODS: dict[str, Callable[[AsyncPool[Connection]], Any]] = {
    "discard": discard,
    "fill": lambda subject: subject.fill(),
    "sweep": lambda subject: subject.sweep(),
    "expire": lambda subject: subject.expire(),
    "resize": lambda subject: subject.resize(2),
    "drain": lambda subject: subject.drain(),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_public_coroutine_can_be_cancelled_anywhere(method: Any) -> None:
    async def make() -> AsyncPool[Connection]:
        subject = await warm(check=yes, reset=yes, minimum=2, sweep_every=None)
        await subject.expire()
        return subject

    sweep = cancel_everywhere(make, method, meanwhile=hold_one, double=True)

    assert (sweep.capacity, sweep.problems) == (2, ())


def test_a_cancelled_close_can_be_finished_by_another() -> None:
    async def close(subject: AsyncPool[Connection]) -> None:
        await subject.close()

    sweep = cancel_everywhere(lambda: warm(), close, meanwhile=None, capacity=None, double=True)

    assert sweep.problems == ()
    assert sweep.trials


def test_every_public_coroutine_is_in_the_sweep() -> None:
    import inspect

    public = {name for name, value in vars(AsyncPool).items() if inspect.iscoroutinefunction(value) and name[0] != "_"}

    assert public == {*METHODS, "close"} - {"discard"}


def test_cancellations_while_the_loop_ends_leave_nothing_open() -> None:
    async def main() -> None:
        subject = pool(reset=yes)()
        tasks = [asyncio.create_task(borrow(subject)) for _ in range(5)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await subject.close()

    asyncio.run(main())
