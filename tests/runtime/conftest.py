"""Resources that notice misuse: two users at once, use after close, a second close."""

from __future__ import annotations

import threading
from itertools import count

import pytest


class Connection:
    """What a factory makes; it complains when a pool treats it badly."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.alive = True
        self.closed = 0
        self.users = 0
        self.resets = 0

    def use(self) -> None:
        assert not self.closed, "used after its close"
        self.users += 1
        assert self.users == 1, "used by two at once"

    def stop_using(self) -> None:
        self.users -= 1

    def check(self) -> bool:
        assert not self.closed
        return self.alive

    def reset(self) -> None:
        assert not self.closed
        self.resets += 1

    def close(self) -> None:
        self.closed += 1
        assert self.closed == 1, "closed twice"

    def __repr__(self) -> str:
        return f"connection {self.number}"


class Server:
    """A factory that counts, and fails when told to."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.attempts = 0
        self.at_once = 0
        self.most_at_once = 0
        self.error: Exception | None = None
        self._numbers = count(1)
        self._lock = threading.Lock()

    def connect(self) -> Connection:
        self.attempts += 1
        if self.error is not None:
            raise self.error
        with self._lock:
            connection = Connection(next(self._numbers))
            self.connections.append(connection)
        return connection

    async def connect_async(self) -> Connection:
        return self.connect()

    @property
    def open(self) -> list[Connection]:
        return [connection for connection in self.connections if not connection.closed]


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    async def pass_by_async(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def server() -> Server:
    """A factory and what it made."""
    return Server()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()
