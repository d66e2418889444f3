"""A forked child goes on with the utilities of its parent, and leaves alone what is the parent's."""

from __future__ import annotations

import asyncio
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_memguard.runtime import AsyncCache, BufferPool, Cache, FastCache, MappedFile, MemoryMonitor

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]


def in_child(body: Callable[[], object]) -> None:
    """Run the body in a forked child and fail with its traceback."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        try:
            body()
        except BaseException:
            os.write(write, traceback.format_exc().encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    assert said == ""


@contextmanager
def held_by_another_thread(lock: Any) -> Iterator[None]:
    """Have another thread hold the lock for as long as the block lasts."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(30)
    try:
        yield
    finally:
        done.set()
        thread.join()


class Door:
    def __init__(self) -> None:
        self.closings = 0

    def close(self) -> None:
        self.closings += 1


def test_plain_values_are_there_in_the_child() -> None:
    cache = Cache[str, int](9)
    cache.put("a", 1)

    def child() -> None:
        assert cache.get("a") == 1
        cache.put("b", 2)

    in_child(child)
    assert "b" not in cache


@pytest.mark.parametrize("make", [Cache, FastCache])
def test_owned_values_stay_with_the_parent(make: type[Cache[str, Door]]) -> None:
    door = Door()

    def child() -> None:
        assert cache.get("a") is None
        mine = Door()
        cache.put("b", mine)
        cache.close()
        assert (door.closings, mine.closings) == (0, 1)

    with make(9, close=True) as cache:
        cache.put("a", door)
        in_child(child)
        assert cache.get("a") is door


def test_a_cache_in_the_middle_of_a_change_begins_empty_in_the_child_and_does_not_hang() -> None:
    cache = Cache[str, int](9)
    cache.put("a", 1)

    def child() -> None:
        assert len(cache) == 0
        cache.put("b", 2)
        assert cache.items() == [("b", 2)]

    with held_by_another_thread(cache._lock):
        in_child(child)


def test_a_load_of_the_parent_is_not_waited_for_in_the_child() -> None:
    cache = Cache[str, str](9)
    entered, leave = threading.Event(), threading.Event()

    def load(_: str) -> str:
        entered.set()
        leave.wait(30)
        return "the parent's"

    thread = threading.Thread(target=cache.load, args=("k", load))
    thread.start()
    entered.wait(30)
    in_child(lambda: pytest.fail("waited") if cache.load("k", lambda _: "mine") != "mine" else None)
    leave.set()
    thread.join()
    assert cache.get("k") == "the parent's"


def test_an_asynchronous_cache_belongs_to_the_childs_loop_in_the_child() -> None:
    async def parent() -> None:
        async with AsyncCache[str, int](9) as cache:
            await cache.put("a", 1)

            async def use() -> None:
                assert cache.get("a") == 1
                await cache.put("b", 2)
                await cache.close()

            def child() -> None:
                asyncio.events._set_running_loop(None)
                asyncio.run(use())

            in_child(child)
            assert await cache.take("b") is None

    asyncio.run(parent())


def test_buffers_monitors_and_files_work_in_the_child_though_their_locks_were_held(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    pool, monitor = BufferPool(), MemoryMonitor()
    with MappedFile(path) as file:

        def child() -> None:
            pool.acquire(1 << 20).release()
            monitor.check()
            monitor.start()
            monitor.stop()
            with file.window(0, 1) as view:
                assert bytes(view) == b"x"

        with (
            held_by_another_thread(pool._lock),
            held_by_another_thread(monitor._lock),
            held_by_another_thread(file._lock),
        ):
            in_child(child)
    assert pool.statistics().acquired == 0
