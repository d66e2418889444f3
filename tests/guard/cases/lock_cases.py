# ruff: noqa: ARG001 - the cases are one shape, and leak on purpose
"""Locks that the project's modules, classes and instances name, and generators that wait inside a block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from ways import *  # noqa: F403
from ways import Acquired


class Store:
    lock = threading.Lock()

    def __init__(self) -> None:
        self.mine = threading.RLock()
        self.changed = threading.Condition()


LOCK = threading.Lock()
STORE = Store()
PLACES = threading.BoundedSemaphore(100)
WAITING = asyncio.Lock()
LOOP = asyncio.new_event_loop()


def place(path: Path) -> Acquired:
    PLACES.acquire()
    return Acquired(PLACES, PLACES.release)


def of_a_module(path: Path) -> Acquired:
    LOCK.acquire()
    return Acquired(LOCK, LOCK.release)


def of_a_class(path: Path) -> Acquired:
    Store.lock.acquire()
    return Acquired(Store.lock, Store.lock.release)


def of_an_instance(path: Path) -> Acquired:
    STORE.mine.acquire()
    return Acquired(STORE.mine, STORE.mine.release, anywhere=False)


def of_a_condition(path: Path) -> Acquired:
    STORE.changed.acquire()
    return Acquired(STORE.changed, STORE.changed.release, anywhere=False)


def of_a_loop(path: Path) -> Acquired:
    LOOP.run_until_complete(WAITING.acquire())
    return Acquired(WAITING, WAITING.release)


def lines(path: Path) -> Iterator[str]:
    with open(path) as file:
        yield from file


async def lines_later(path: Path) -> AsyncIterator[str]:
    with open(path) as file:
        for line in file:
            yield line


@pytest.fixture(autouse=True)  # noqa: F405
def free() -> Iterator[None]:
    """Free what an earlier leaky case has taken, before the test that takes it again."""
    for lock in (LOCK, Store.lock, STORE.mine, STORE.changed._lock, WAITING):
        while "unlocked" not in repr(lock):
            lock.release()
    yield


ALL = [
    ("lock", of_a_module),
    ("lock", of_a_class),
    ("lock", of_an_instance),
    ("lock", of_a_condition),
    ("lock", of_a_loop),
    ("lock", place),
]
SWITCHES = ("-p", "no:asyncio", "-p", "no:trio", "-p", "no:anyio")
