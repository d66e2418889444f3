"""trio's tasks that outlive a test, where the run goes on from one test to the next: anyio's runner on trio."""

from __future__ import annotations

from .conftest import Run, scenario

RUNNER = """
import anyio, pytest, trio
pytestmark = pytest.mark.anyio

@pytest.fixture(scope="module")
def anyio_backend(): return "trio"

async def beat():
    while True:
        await trio.sleep(1)
"""


@scenario(
    RUNNER
    + """
@pytest.fixture(scope="module")
async def nursery():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(beat)
        yield nursery
        nursery.cancel_scope.cancel()

async def test_leaky(nursery):
    nursery.start_soon(beat)
    await trio.sleep(0)

@pytest.mark.memguard(kinds="trio task=on")
async def test_leaky_where_it_is_on(nursery):
    nursery.start_soon(beat)
    await trio.sleep(0)

async def test_ends_what_it_starts(nursery):
    scope = trio.CancelScope()
    async def inside():
        with scope:
            await beat()
    nursery.start_soon(inside)
    await trio.sleep(0)
    scope.cancel()

async def test_opens_its_own(nursery):
    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        await anyio.sleep(0)
        group.cancel_scope.cancel()
"""
)
def test_a_task_in_a_nursery_of_a_wider_fixture_outlives_its_test(told: Run) -> None:
    assert {name for name, outcome in told.outcomes.items() if outcome != "passed"} == {"0::test_leaky_where_it_is_on"}
    for test, line in (("test_leaky", 20), ("test_leaky_where_it_is_on", 25)):
        found = told.of(test)
        assert [(each["kind"], each["origin"][0]["line"]) for each in found] == [("trio task", line)]
    assert told.of("test_ends_what_it_starts") == told.of("test_opens_its_own") == []


@scenario(
    RUNNER
    + """
@pytest.fixture(scope="module")
async def server():
    async def handle(stream):
        async for _ in stream: pass

    async def serve(task_status):
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        task_status.started(listeners[0].socket.getsockname()[1])
        async with trio.open_nursery() as nursery:
            while True:
                nursery.start_soon(handle, await listeners[0].accept())

    async with trio.open_nursery() as nursery:
        yield await nursery.start(serve)
        nursery.cancel_scope.cancel()

async def test_talks(server):
    async with await trio.open_tcp_stream("127.0.0.1", server) as stream:
        await stream.send_all(b"hello")
"""
)
def test_what_a_fixtures_server_starts_is_the_fixtures(told: Run) -> None:
    assert [each for each in told.findings if each["kind"] == "trio task"] == []


@scenario(
    """
import trio

async def beat():
    while True:
        await trio.sleep(1)

async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(beat)
        await trio.sleep(0)
        nursery.cancel_scope.cancel()

def test_run():
    trio.run(main)
"""
)
def test_a_run_that_ends_leaves_no_task(told: Run) -> None:
    assert told.findings == []
    assert told.outcomes == {"0::test_run": "passed"}
