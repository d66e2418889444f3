"""Connections to databases: psycopg 3 and 2, asyncpg, PyMySQL, aiosqlite, redis.asyncio, once somebody imported them.

A driver's class is patched where it is made and where it is freed; what it calls open is asked of it then.  The
synchronous client of redis-py closes its connections by itself when it is dropped, as its manual says: only what
it leaves open is a finding, as a socket.
Cost: nothing until a driver is imported, then 2 µs a connection and 0.2 µs a look for each that is open.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ..origins import Acquisition, Owner
from .patches import Patches, Stand, Stands
from .peers import address
from .probe import Book, Census, Key, Sight

KIND = "database connection"


@dataclass(frozen=True, slots=True)
class Driver:
    """One class of connections."""

    module: str
    name: str
    is_open: Callable[[Any], bool]
    """Asked of a live connection, and of one that is being freed."""
    what: str
    held: bool = True
    """Whether an open one is a finding; else its socket is one, and only its end by the collector is told."""
    number: Callable[[Any], int] | None = None
    """Its descriptor, where C code opened that."""


def _has(name: str) -> Callable[[Any], bool]:
    return lambda thing: getattr(thing, name, None) is not None


DRIVERS = (
    Driver(
        "psycopg._connection_base",
        "BaseConnection",
        lambda thing: hasattr(thing, "pgconn") and not thing.closed and not hasattr(thing, "_pool"),
        "to PostgreSQL (psycopg)",
        number=lambda thing: int(thing.pgconn.socket),
    ),
    Driver(
        "asyncpg.connection",
        "Connection",
        lambda thing: getattr(thing, "_protocol", None) is not None and not thing.is_closed(),
        "to PostgreSQL (asyncpg)",
    ),
    Driver("pymysql.connections", "Connection", _has("_sock"), "to MySQL (PyMySQL)"),
    Driver("aiosqlite.core", "Connection", _has("_connection"), "to SQLite (aiosqlite)"),
    Driver("redis.asyncio.connection", "AbstractConnection", _has("_writer"), "to Redis (redis.asyncio)", held=False),
)
PSYCOPG2 = Driver(
    "psycopg2",
    "connection",
    lambda thing: not thing.closed,
    "to PostgreSQL (psycopg2)",
    number=lambda thing: int(thing.fileno()),
)


class Drivers:
    """Connections of the drivers that the suite itself has imported."""

    name = KIND

    def __init__(self) -> None:
        self._patches = Patches()
        self._live: dict[int, tuple[weakref.ref[Any], Acquisition, Driver]] = {}
        self._book: Book | None = None
        self._stands = Stands()
        self._modules = 0
        self._found: set[Driver] = set()

    def start(self, book: Book, _: Stands) -> None:
        """Patch the drivers that are there; `take` looks again."""
        self._book = book
        self._find()

    def stop(self) -> None:
        """Put everything back."""
        self._patches.undo()
        self._stands.undo()
        self._live.clear()
        self._found.clear()
        self._modules = 0

    def take(self) -> Census:
        """The connections that are open now."""
        if len(sys.modules) != self._modules:
            self._find()
        if not self._live:
            return frozenset()
        return frozenset((self.name, id(thing)) for thing, _, driver in self._open() if driver.held)

    def describe(self, key: Key) -> Sight | None:
        """Tell which driver's it is."""
        return next(
            (
                Sight(KIND, driver.what, acquired, thing)
                for thing, acquired, driver in self._open()
                if id(thing) == key[1]
            ),
            None,
        )

    def forget(self, _: Owner) -> None:
        """Drop the records of what is gone."""
        if self._live:
            self._live = {key: each for key, each in self._live.copy().items() if each[0]() is not None}

    def at(self, number: int, link: str) -> Sight | None:
        """The connection that has a descriptor which C code opened."""
        for thing, acquired, driver in self._open():
            if driver.number is not None and driver.number(thing) == number:
                return Sight("socket", address(link), acquired, thing, subject=False)
        return None

    def wraps(self, inner: Any) -> bool:
        """Whether one of the connections stands on a connection of sqlite3."""
        return any(getattr(thing, "_connection", None) is inner for thing, _, _ in self._open())

    def made(self, thing: Any, driver: Driver, frame: FrameType | None) -> None:
        """Note a connection, for the first line outside its driver."""
        assert self._book is not None
        inside = (driver.module.partition(".")[0], __name__.partition(".")[0])
        while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in inside:
            frame = frame.f_back
        acquired = self._book.enter(KIND, driver.what, frame)
        self._live[id(thing)] = weakref.ref(thing), acquired, driver

    def freed(self, thing: Any) -> None:
        """Note that a connection is freed: a drop, when it is open."""
        _, acquired, driver = self._live.pop(id(thing), (None, None, None))
        if acquired is not None and driver is not None and driver.is_open(thing) and self._book is not None:
            self._book.drop(acquired)

    def _open(self) -> list[tuple[Any, Acquisition, Driver]]:
        alive = [(ref(), acquired, driver) for ref, acquired, driver in list(self._live.values())]
        return [each for each in alive if each[0] is not None and each[2].is_open(each[0])]

    def _find(self) -> None:
        self._modules = len(sys.modules)
        for driver in DRIVERS:
            kind = getattr(sys.modules.get(driver.module), driver.name, None)
            if kind is not None and driver not in self._found:
                self._found.add(driver)
                self._patches.put(kind, "__init__", self._making(kind.__init__, driver))
                self._patches.put(kind, "__del__", self._freeing(getattr(kind, "__del__", None)))
        module: Any = sys.modules.get("psycopg2")
        if hasattr(module, "connect") and hasattr(module, "extensions") and PSYCOPG2 not in self._found:
            self._found.add(PSYCOPG2)
            self._stands.add(_Connect(module.connect, self, module.extensions.connection))
            self._stands.put()

    def _making(self, real: Callable[..., None], driver: Driver) -> Callable[..., None]:
        def __init__(connection: Any, *arguments: Any, **named: Any) -> None:
            real(connection, *arguments, **named)
            self.made(connection, driver, sys._getframe(1))

        __init__.__wrapped__ = real  # type: ignore[attr-defined]  # keeps the signature
        return __init__

    def _freeing(self, real: Callable[[Any], object] | None) -> Callable[[Any], None]:
        def __del__(connection: Any) -> None:
            self.freed(connection)
            if real is not None:
                real(connection)

        return __del__


class _Connect(Stand):
    """`psycopg2.connect`: its connections are made in C, so that a subclass of them has to tell of its end."""

    def __init__(self, real: Callable[..., Any], probe: Drivers, kind: type) -> None:
        super().__init__(real)
        self._probe = probe

        def __del__(connection: Any) -> None:
            probe.freed(connection)

        self._kind = type(kind.__name__, (kind,), {"__del__": __del__, "__module__": kind.__module__})

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) > 1 or named.get("connection_factory") is not None:
            return self.real(*arguments, **named)
        connection = self.real(*arguments, **{**named, "connection_factory": self._kind})
        self._probe.made(connection, PSYCOPG2, sys._getframe(1))
        return connection
