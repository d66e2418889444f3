"""sqlite3 connections: those left open, and those closed only because nobody referred to them any more.

`sqlite3.connect` makes a subclass of `Connection` that can be followed weakly and notices its own end; a
factory of the caller's is left alone.  Python warns about these only from 3.13 on.  Cost: 3 µs a connection.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from ..origins import Owner
from .patches import Stand, Stands
from .probe import Book, Census, Key, Sight
from .watched import Register, Watched

SIDES = ("", "-wal", "-shm", "-journal")
"""What a database's files are called, after its own name."""


class Connections:
    """Connections made by `sqlite3.connect`."""

    name = "sqlite connection"

    def __init__(self, wrapped: Callable[[Any], bool] = lambda _: False) -> None:
        self._live = Register(_freed)
        self._wrapped = wrapped
        """Whether a connection of another kind stands on one."""

    def start(self, book: Book, stands: Stands) -> None:
        """Stand wherever `sqlite3.connect` stands."""
        stands.add(_Connect(sqlite3.connect, book, self._live))

    def stop(self) -> None:
        """Put it back."""
        self._live.clear()

    def take(self) -> Census:
        """The connections that are open now."""
        return frozenset((self.name, id(thing)) for thing, _ in self._live if is_open(thing))

    def describe(self, key: Key) -> Sight | None:
        """Tell a connection's database."""
        for thing, ref in self._live:
            if id(thing) == key[1]:
                what = f"to {ref.acquired.what}"
                return Sight(self.name, what, ref.acquired, thing, subject=not self._wrapped(thing))
        return None

    def forget(self, ended: Owner) -> None:
        """Nothing to do: the records go with the connections."""

    def at(self, _: int, link: str) -> Sight | None:
        """The connection that has a descriptor: its database's file, or one beside it."""
        path = link.removesuffix(" (deleted)")
        for thing, ref in self._live:
            database = os.path.realpath(ref.acquired.what)
            if path.startswith(database) and path[len(database) :] in SIDES and is_open(thing):
                return Sight("file", link, ref.acquired, thing, subject=False)
        return None


class Connection(sqlite3.Connection):
    """A connection that knows who made it."""

    _book: Book | None = None
    _watched: Watched | None = None

    def __del__(self) -> None:
        if self._watched is not None and self._book is not None and is_open(self):
            self._book.drop(self._watched.acquired)
        finish = getattr(super(), "__del__", None)
        if finish is not None:
            finish()


Connection.__module__ = "sqlite3"


class _Connect(Stand):
    def __init__(self, real: Callable[..., Any], book: Book, live: Register) -> None:
        super().__init__(real)
        self._book = book
        self._live = live

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) > 5 or named.get("factory", sqlite3.Connection) is not sqlite3.Connection:
            return self.real(*arguments, **named)
        connection = self.real(*arguments, **{**named, "factory": Connection})
        path = arguments[0] if arguments else named["database"]
        acquired = self._book.enter("sqlite connection", os.fsdecode(path), sys._getframe(1))
        self._live.add(connection, acquired)
        connection._book, connection._watched = self._book, self._live.get(id(connection))
        return connection


def is_open(connection: sqlite3.Connection) -> bool:
    """Whether a connection was not closed; asking touches no database."""
    try:
        return sqlite3.Connection.total_changes.__get__(connection) is not None
    except sqlite3.ProgrammingError:
        return False


def _freed(ref: Watched) -> None:
    """Its own `__del__` has told what there was to tell."""
