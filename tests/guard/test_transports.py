"""asyncio's transports and anyio's streams: dropped ones are named by the line that asked for them."""

from __future__ import annotations

import pytest

from .conftest import Run, scenario

pytest.importorskip("anyio")


@scenario("""
import asyncio, contextlib, pytest, sys

async def answer(reader, writer):
    with contextlib.suppress(ConnectionError):
        await reader.read()
    writer.close()

async def connect(close):
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if close:
            writer.close()
            await writer.wait_closed()
        else:
            writer.write_eof()
            await asyncio.sleep(0.05)

def test_leaky_writer(): asyncio.run(connect(close=False))
def test_clean_writer(): asyncio.run(connect(close=True))

async def child(wait):
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass", stdout=asyncio.subprocess.PIPE)
    await process.communicate()

def test_clean_child(): asyncio.run(child(wait=True))
""")
def test_a_writer_that_nobody_closed_is_named_by_the_line_that_connected(told: Run) -> None:
    failing = {name.rpartition("::")[2]: told.kinds(name.rpartition("::")[2]) for name in told.outcomes}
    assert {test: kinds for test, kinds in failing.items() if kinds} == {"test_leaky_writer": {"transport"}}
    (found,) = told.failing("test_leaky_writer")
    assert (found["how"], found["origin"][0]["line"]) == ("closed only by the garbage collector", 12)


@scenario("""
import asyncio

class StandIn:
    def is_closing(self): return False
    def close(self): pass

class Real(asyncio.Transport):
    def is_closing(self): return False
    def close(self): pass

async def write_to(transport):
    reader = asyncio.StreamReader()
    asyncio.StreamWriter(transport, asyncio.StreamReaderProtocol(reader), reader, asyncio.get_running_loop())

def test_stand_in(): asyncio.run(write_to(StandIn()))
def test_transport_of_the_projects_own(): asyncio.run(write_to(Real()))
""")
def test_a_writer_over_a_stand_in_holds_nothing(told: Run) -> None:
    assert told.of("test_stand_in") == []
    assert told.kinds("test_transport_of_the_projects_own") == {"transport"}


@scenario("""
import anyio, pytest
pytestmark = pytest.mark.anyio

async def test_dropped():
    send, receive = anyio.create_memory_object_stream(1)
    await send.send(1)

async def test_clean():
    send, receive = anyio.create_memory_object_stream(1)
    async with send, receive:
        await send.send(1)

@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    pytest.importorskip(request.param)
    return request.param
""")
def test_a_memory_stream_that_nobody_closed_is_noted_on_both_backends(told: Run) -> None:
    noted = {each["test"].rpartition("::")[2] for each in told.findings if each["kind"] == "memory stream"}
    ran = {name.rpartition("::")[2] for name, outcome in told.outcomes.items() if outcome == "passed"}
    assert noted == {name for name in ran if name.startswith("test_dropped")} != set()
    assert {each["origin"][0]["line"] for each in told.findings if each["kind"] == "memory stream"} == {6}
