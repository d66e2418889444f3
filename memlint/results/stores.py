"""Places that many machines share, as keys and values: a folder, or a Redis server."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from memlint.results import folder
from memlint.results.index import replace
from memlint.settings import SettingsError

if TYPE_CHECKING:
    from redis import Redis

AT_ONCE = 200
"""Keys that a server is asked for in one go."""
PATIENCE = 5.0
"""Seconds that a server may take to answer."""
_DAY = 86400


class Outage(Exception):
    """The place cannot be used now; the text says why."""


class Store(Protocol):
    """Keys and values; what nobody used for some weeks is forgotten."""

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of some keys, in their order; None for what is not there.  Raises Outage."""
        ...

    def put(self, values: Mapping[str, bytes]) -> None:
        """Keep some values in the place of what is there under their keys.  Raises Outage."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


def open_store(place: str) -> Store:
    """The store in a place: ``redis://host/db`` (or ``rediss://``, ``unix://``), else a folder.

    Raises:
        SettingsError: the place is none, or what reaches it is not installed.
    """
    scheme, sep, _ = place.partition("://")
    if not sep:
        return FolderStore(place)
    if scheme not in ("redis", "rediss", "unix"):
        raise SettingsError(f"--shared-cache {place}: is neither a folder nor a redis:// address")
    try:
        from redis import Redis
    except ImportError as error:
        cure = "`pip install 'pytest-memguard[redis]'` brings it"
        raise SettingsError(f"--shared-cache {place}: the library redis is not installed; {cure}") from error
    try:
        return RedisStore(Redis.from_url(place, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE))
    except ValueError as error:
        raise SettingsError(f"--shared-cache {place}: is no address of a Redis server: {error}") from error


class FolderStore:
    """One file a key, in a folder that may be on a network."""

    def __init__(self, place: str, clock: Callable[[], float] = time.time) -> None:
        self._folder = os.path.abspath(place)
        self._clock = clock

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of some keys; what was found counts as used."""
        return [self._get(self._path(key)) for key in keys]

    def _get(self, path: str) -> bytes | None:
        try:
            with open(path, "rb") as stream:
                data = stream.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Outage(f"{path}: {error.strerror or error}") from error
        folder.touch(path, self._clock())
        return data

    def put(self, values: Mapping[str, bytes]) -> None:
        """Write each value in one step; once a day, delete what nobody used."""
        try:
            folder.make(self._folder)
            for key, data in values.items():
                path = self._path(key)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                replace(path, data)
            self._tidy()
        except OSError as error:
            raise Outage(f"{self._folder}: {error.strerror or error}") from error

    def close(self) -> None:
        """Nothing is open."""

    def _tidy(self) -> None:
        mark = os.path.join(self._folder, "tidied")
        now = self._clock()
        if not os.path.exists(mark) or os.stat(mark).st_mtime < now - _DAY:
            replace(mark, b"")
            os.utime(mark, (now, now))
            folder.tidy(self._folder, now)

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, key[:2], f"{key[2:]}.json")


class RedisStore:
    """Keys on a Redis server, each with a time to live."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of some keys, some hundred at a time."""
        found: list[bytes | None] = []
        with _outages():
            for start in range(0, len(keys), AT_ONCE):
                values = self._client.mget([_name(key) for key in keys[start : start + AT_ONCE]])
                found += [value if isinstance(value, bytes) else None for value in values]
        return found

    def put(self, values: Mapping[str, bytes]) -> None:
        """Set the values, each for as long as it is kept unused."""
        waiting = list(values.items())
        with _outages():
            for start in range(0, len(waiting), AT_ONCE):
                pipe = self._client.pipeline(transaction=False)
                for key, data in waiting[start : start + AT_ONCE]:
                    pipe.set(_name(key), data, ex=folder.KEPT_DAYS * _DAY)
                pipe.execute()

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def _name(key: str) -> str:
    return f"memlint:{key}"


@contextlib.contextmanager
def _outages() -> Iterator[None]:
    """Whatever a server's client raises is an outage."""
    from redis import RedisError

    try:
        yield
    except (RedisError, OSError) as error:
        raise Outage(f"{type(error).__name__}: {error}") from error
