"""Asynchronous tests: pytest-asyncio in auto mode, anyio on both backends, pytest-trio."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Run

AUTO = """
import asyncio, socket
import pytest

HELD = []


async def beat():
    while True:
        await asyncio.sleep(0.01)


async def test_clean():
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(0))


async def test_leaky_task():
    HELD.append(asyncio.create_task(beat()))


async def test_leaky_socket():
    HELD.append(socket.socket())


@pytest.fixture
async def closed():
    file = open(__file__)
    yield file
    file.close()


@pytest.fixture
async def left():
    yield open(__file__)


async def test_clean_fixture(closed):
    await asyncio.sleep(0)


async def test_leaky_fixture(left):
    await asyncio.sleep(0)


class TestClass:
    async def test_clean_method(self):
        await asyncio.to_thread(int)


def test_clean_plain():
    asyncio.run(asyncio.sleep(0))


def test_leaky_loop():
    HELD.append(asyncio.new_event_loop())
"""


def failing(run: Run) -> set[str]:
    return {name.rpartition("::")[2] for name, outcome in run.outcomes.items() if outcome != "passed"}


def test_pytest_asyncio_in_auto_mode(suite: Callable[..., Run]) -> None:
    run = suite(AUTO, args=("-o", "asyncio_mode=auto"))
    assert failing(run) == {"test_leaky_task", "test_leaky_socket", "test_leaky_fixture", "test_leaky_loop"}, run.output
    assert run.kinds("test_leaky_task") == {"asyncio task"}
    assert run.kinds("test_leaky_loop") == {"event loop"}


ANYIO = """
import socket
import anyio, pytest

pytestmark = pytest.mark.anyio
HELD = []


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


async def test_clean_group():
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 0)


async def test_clean_stream():
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, await anyio.connect_tcp("127.0.0.1", listener.extra(anyio.abc.SocketAttribute.local_port)):
        pass


async def test_clean_thread():
    assert await anyio.to_thread.run_sync(int) == 0


async def test_clean_process():
    await anyio.run_process(["true"])


async def test_clean_file(tmp_path):
    async with await anyio.open_file(tmp_path / "file", "w") as file:
        await file.write("words")


async def test_leaky_stream():
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener:
        HELD.append(await anyio.connect_tcp("127.0.0.1", listener.extra(anyio.abc.SocketAttribute.local_port)))


async def test_leaky_socket():
    HELD.append(socket.socket())


@pytest.fixture
async def left():
    yield open(__file__)


async def test_leaky_fixture(left):
    pass


@pytest.fixture(scope="module")
def anyio_backend_of_module():
    return "asyncio"
"""


def test_anyio_on_both_backends(suite: Callable[..., Run]) -> None:
    pytest.importorskip("trio")
    run = suite(ANYIO, args=("-p", "no:asyncio", "-p", "no:trio"))
    leaky = ("test_leaky_stream", "test_leaky_socket", "test_leaky_fixture")
    assert failing(run) == {f"{name}[{backend}]" for name in leaky for backend in ("asyncio", "trio")}, run.output
    for backend in ("asyncio", "trio"):
        assert run.kinds(f"test_leaky_stream[{backend}]") == {"socket"}
        assert run.kinds(f"test_leaky_fixture[{backend}]") == {"file"}


SHARED = """
import anyio, pytest, socket

pytestmark = pytest.mark.anyio
HELD = []


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
async def server():
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener:
        yield listener


@pytest.fixture(scope="module")
async def forgetful():
    HELD.append(socket.socket())
    yield


async def test_first(server): pass
async def test_second(server, forgetful): pass
async def test_third(server): pass
"""


def test_what_an_asynchronous_module_fixture_keeps_and_forgets_is_its_own(suite: Callable[..., Run]) -> None:
    run = suite(SHARED, args=("-p", "no:asyncio"))
    assert failing(run) == {"test_third"}, run.output
    assert [each["owner"] for each in run.findings if each["fails"]] == ["module fixture 'forgetful'"]


TRIO = """
import socket
import pytest, trio

HELD = []


@pytest.fixture
async def closed(nursery):
    nursery.start_soon(trio.sleep_forever)
    with open(__file__) as file:
        yield file


@pytest.fixture
async def left():
    yield open(__file__)


@pytest.mark.trio
async def test_clean(closed, autojump_clock):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 1)


@pytest.mark.trio
async def test_clean_thread():
    assert await trio.to_thread.run_sync(int) == 0


@pytest.mark.trio
async def test_leaky_socket():
    HELD.append(trio.socket.socket())


@pytest.mark.trio
async def test_leaky_fixture(left):
    pass
"""


def test_pytest_trio(suite: Callable[..., Run]) -> None:
    pytest.importorskip("pytest_trio")
    run = suite(TRIO, args=("-p", "no:asyncio", "-p", "no:anyio"))
    assert failing(run) == {"test_leaky_socket", "test_leaky_fixture"}, run.output
    assert run.kinds("test_leaky_socket") == {"socket"}
