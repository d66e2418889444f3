"""Every pool of a class at once: what `instrument` does for one object, done to the class that all are made of.

No object gets another class and none is kept alive, so that a program cannot tell.  A library that has not been
imported is left alone.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

from ..origin import Positions
from .ledger import Instrumentation

Taken: TypeAlias = Callable[[str, str, Positions], Any]
Lost: TypeAlias = Callable[[Any], object]

CONNECTION = "pooled connection"
RESPONSE = "HTTP response"


def _itself(thing: Any) -> Any:
    return thing


@dataclass(frozen=True, slots=True)
class Desk:
    """A class of pools: which method lends, and which takes back."""

    module: str
    name: str
    take: str
    give: str
    kind: str = CONNECTION
    lent: Callable[[Any], Any] = _itself
    """What of the method's result is lent, and followed weakly."""
    known_by: Callable[[Any], Any] = _itself
    """What of it comes back, when that is another thing; of asyncpg's proxy the connection is what lives on."""
    giver: str = ""
    """The class whose method takes back, when that is the lent thing's own."""
    place: int = 0
    """Which argument of that method comes back."""
    is_out: Callable[[Any], bool] = lambda _: True
    """Asked of what was lent: what the library has closed needs not come back."""


DESKS = (
    Desk("psycopg_pool.pool", "ConnectionPool", "getconn", "putconn", is_out=lambda connection: not connection.closed),
    Desk(
        "psycopg_pool.pool_async",
        "AsyncConnectionPool",
        "getconn",
        "putconn",
        is_out=lambda connection: not connection.closed,
    ),
    Desk(
        "asyncpg.pool",
        "Pool",
        "_acquire",
        "release",
        lent=lambda proxy: proxy._con,
        is_out=lambda connection: getattr(connection, "_proxy", None) is not None,
    ),
    Desk(
        "redis.connection",
        "ConnectionPool",
        "get_connection",
        "release",
        is_out=lambda connection: getattr(connection, "_sock", True) is not None,
    ),
    Desk(
        "redis.asyncio.connection",
        "ConnectionPool",
        "get_connection",
        "release",
        is_out=lambda connection: getattr(connection, "_writer", True) is not None,
    ),
    Desk(
        "urllib3.connectionpool",
        "HTTPConnectionPool",
        "_get_conn",
        "_put_conn",
        RESPONSE,
        is_out=lambda connection: getattr(connection, "sock", None) is not None,
    ),
    Desk(
        "httpcore._sync.connection_pool",
        "ConnectionPool",
        "handle_request",
        "close",
        RESPONSE,
        lent=lambda response: response.stream,
        known_by=lambda response: response.stream,
        giver="PoolByteStream",
        is_out=lambda stream: not getattr(stream, "_closed", False),
    ),
    Desk(
        "httpcore._async.connection_pool",
        "AsyncConnectionPool",
        "handle_async_request",
        "aclose",
        RESPONSE,
        lent=lambda response: response.stream,
        known_by=lambda response: response.stream,
        giver="PoolByteStream",
        is_out=lambda stream: not getattr(stream, "_closed", False),
    ),
    Desk(
        "aiohttp.connector",
        "BaseConnector",
        "connect",
        "_release",
        RESPONSE,
        known_by=lambda connection: connection.protocol,
        place=1,
        is_out=lambda connection: connection.protocol is not None,
    ),
)
PACKAGES = ("psycopg", "psycopg_pool", "httpx", "httpcore", "urllib3", "requests", "redis", "aiohttp", "sqlalchemy")
"""Whose frames stand between a desk and who asked."""


class Lent:
    """One thing that is lent, which this does not keep alive."""

    __slots__ = ("note", "ref")

    def __init__(self, thing: Any, note: Any) -> None:
        self.ref: Callable[[], Any] = weakref.ref(thing)
        """Raises `TypeError` where nothing can follow it weakly."""
        self.note = note
        """What the listener answered."""


class Automatic(Instrumentation):
    """All pools of one class.

    `taken` is told the kind, the pool's class and where something was taken, and its answer is kept; `lost` gets that
    answer when the collector took the thing back.  Listeners to leases hear nothing: the program did not ask for it.
    """

    def __init__(self, kind: type, what: str, is_out: Callable[[Any], bool], taken: Taken, lost: Lost) -> None:
        super().__init__(kind, what, packages=(*PACKAGES, kind.__module__.partition(".")[0]), listed=False)
        self.label = kind.__qualname__
        self._inside = (*self._inside, "<string>")  # SQLAlchemy generates code around its own
        self._is_out = is_out
        self._taken, self._lost = taken, lost
        self._lent: dict[int, Lent] = {}

    def lend(self, thing: Any, known_by: Any) -> None:
        """Note that something was lent."""
        key = id(known_by)
        if key in self._lent and self._lent[key].ref() is thing:
            return  # one desk asked another
        with contextlib.suppress(TypeError):
            self._lent[key] = Lent(thing, self._taken(self.kind, self.label, self._positions()))

    def take_back(self, known_by: Any, *, lost: bool = False) -> None:
        """Note that it came back; `lost`: because the collector found it."""
        lent = self._lent.pop(id(known_by), None)
        if lent is not None and lost:
            self._lost(lent.note)

    def out(self) -> Iterator[tuple[Any, Any]]:
        """What is lent now, each with its note: what was freed or closed meanwhile is not."""
        for key, lent in self._lent.copy().items():
            thing = lent.ref()
            if thing is None or not self._is_out(thing):
                del self._lent[key]
            else:
                yield thing, lent.note

    def put(self, holder: Any, name: str, method: Any) -> None:
        """Replace a method of the class, until `undo`."""
        before = vars(holder)[name]
        setattr(holder, name, method)

        def put_back() -> None:
            if vars(holder).get(name) is method:
                setattr(holder, name, before)

        self.on_undo(put_back)

    def undo(self) -> None:
        """Put the class back, and forget what is outstanding."""
        super().undo()
        self._lent.clear()


def instrument_class(module: str, taken: Taken, lost: Lost) -> tuple[Automatic, type]:
    """Watch every pool that a library's module makes or has made; `undo` of the first ends it."""
    if module == SQLALCHEMY:
        return _sqlalchemy(taken, lost)
    desk = next(desk for desk in DESKS if desk.module == module)
    room = sys.modules[module]
    kind: type = getattr(room, desk.name)
    watched = Automatic(kind, desk.kind, desk.is_out, taken, lost)
    for each in _family(kind):
        if desk.take in vars(each):
            watched.put(each, desk.take, _taking(watched, desk, getattr(each, desk.take)))
    giver: type = getattr(room, desk.giver) if desk.giver else kind
    for each in _family(giver):
        if desk.give in vars(each):
            place = None if desk.giver else desk.place
            watched.put(each, desk.give, _giving(watched, place, getattr(each, desk.give)))
    return watched, kind


def _family(kind: type) -> Iterator[type]:
    yield kind
    children: list[type] = kind.__subclasses__()
    for each in children:
        yield from _family(each)


def _taking(watched: Automatic, desk: Desk, real: Any) -> Any:
    def note(result: Any) -> None:
        watched.lend(desk.lent(result), desk.known_by(result))

    if inspect.iscoroutinefunction(real):

        async def take(self: Any, *args: Any, **kwargs: Any) -> Any:
            result = await real(self, *args, **kwargs)
            note(result)
            return result

    else:

        def take(self: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[misc]
            result = real(self, *args, **kwargs)
            note(result)
            return result

    return _like(take, real)


def _giving(watched: Automatic, place: int | None, real: Any) -> Any:
    """Note first: what comes back may be lent again before the call is over."""

    def thing(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if place is None:
            return self
        return args[place] if len(args) > place else next(iter(kwargs.values()), None)

    if inspect.iscoroutinefunction(real):

        async def give(self: Any, *args: Any, **kwargs: Any) -> Any:
            watched.take_back(thing(self, args, kwargs))
            return await real(self, *args, **kwargs)

    else:

        def give(self: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[misc]
            lost = sys._getframe(1).f_code.co_name == "__del__"
            watched.take_back(thing(self, args, kwargs), lost=lost)
            return real(self, *args, **kwargs)

    return _like(give, real)


def _like(wrapper: Any, real: Any) -> Any:
    """Give a method the name, the words and the signature of the one that it stands for."""
    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(wrapper, name, getattr(real, name))
    wrapper.__wrapped__ = real
    return wrapper


SQLALCHEMY = "sqlalchemy.pool.base"


def _sqlalchemy(taken: Taken, lost: Lost) -> tuple[Automatic, type]:
    """SQLAlchemy's pools tell by events; one that the collector has to check in was left out."""
    kind: Any = sys.modules[SQLALCHEMY].Pool
    event = import_module("sqlalchemy.event")

    def is_out(record: Any) -> bool:
        return getattr(record, "dbapi_connection", None) is not None

    watched = Automatic(kind, CONNECTION, is_out, taken, lost)

    def checkout(_connection: Any, record: Any, _proxy: Any) -> None:
        watched.lend(record, record)

    def checkin(_connection: Any, record: Any) -> None:
        watched.take_back(record, lost=_by_the_collector())

    for what, listener in (("checkout", checkout), ("checkin", checkin), ("detach", checkin)):
        event.listen(kind, what, listener)
        watched.on_undo(functools.partial(_deaf, event, kind, what, listener))
    return watched, kind


def _deaf(event: Any, kind: Any, what: str, listener: Callable[..., None]) -> None:
    """Listen no more; a program may have cleared a class of all its listeners, as SQLAlchemy's own tests do."""
    if event.contains(kind, what, listener):
        event.remove(kind, what, listener)


def _by_the_collector() -> bool:
    """Whether SQLAlchemy's finalizer is what gives back: it tells itself so in its arguments."""
    frame = sys._getframe(2)
    for _ in range(6):
        if frame.f_code.co_name == "_finalize_fairy":
            local = frame.f_locals
            return bool(local.get("is_gc_cleanup", local.get("ref") is not None))
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False
