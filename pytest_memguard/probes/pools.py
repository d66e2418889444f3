"""Pools of other libraries: what a test takes from one and does not give back, and which pools there are.

SQLAlchemy, psycopg_pool, asyncpg, redis-py, urllib3 (requests too), httpcore (httpx too) and aiohttp, each once
the suite itself has imported it.  What such a pool keeps idle is the pool's: it is charged to whoever made that.
Cost: nothing until one is imported, then 4 µs for what is lent, and one look through the heap a library.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..frames import Origin, Positions
from ..origins import NOBODY, Acquisition, Owner
from ..unrewritten import unrewritten
from .patches import Patches, Stands, signed
from .probe import Book, Census, Key, Sight

if TYPE_CHECKING:
    from ..runtime.instrumentation.automatic import Automatic

MODULES = (
    "psycopg_pool.pool",
    "psycopg_pool.pool_async",
    "asyncpg.pool",
    "redis.connection",
    "redis.asyncio.connection",
    "urllib3.connectionpool",
    "httpcore._sync.connection_pool",
    "httpcore._async.connection_pool",
    "aiohttp.connector",
    "sqlalchemy.pool.base",
)
"""Where pools are; the adapters themselves are loaded when one of these is."""

REMAKING = 6
"""How many calls may lie between a pool and the constructor of the one that it makes: those of its subclasses."""


class Pools:
    """What libraries' pools have lent."""

    name = "pool"

    def __init__(self) -> None:
        self._patches = Patches()
        self._watched: list[Automatic] = []
        self._done: set[str] = set()
        self._made: weakref.WeakKeyDictionary[Any, Acquisition | None] = weakref.WeakKeyDictionary()
        self._modules = 0
        self._book: Book | None = None
        self.classes: tuple[type, ...] = ()
        """What pools are made of, as far as they are watched."""

    def start(self, book: Book, _: Stands) -> None:
        """Find the libraries that are there; `take` looks again."""
        self._book = book
        self._find()

    def stop(self) -> None:
        """Put everything back."""
        self._patches.undo()
        while self._watched:
            self._watched.pop().undo()
        self._done.clear()
        self._made.clear()
        self.classes = ()
        self._modules = 0

    def take(self) -> Census:
        """What is lent now."""
        if len(sys.modules) != self._modules:
            self._find()
        return frozenset((self.name, id(acquired)) for watched in self._watched for _, acquired in watched.out())

    def describe(self, key: Key) -> Sight | None:
        """Tell what was lent by which pool."""
        for watched in self._watched:
            for thing, acquired in watched.out():
                if id(acquired) == key[1]:
                    return Sight(acquired.kind, acquired.what, acquired, thing)
        return None

    def forget(self, ended: Owner) -> None:
        """Nothing to do: the records go with the pools."""

    def living(self) -> Iterator[tuple[Owner, Any]]:
        """The pools that outlive the test that runs, each with its owner: whoever imported or set it up."""
        for pool, acquired in list(self._made.items()):
            owner = NOBODY if acquired is None or acquired.during_import() else acquired.owner
            if not owner.ended:
                yield owner, pool

    def _find(self) -> None:
        self._modules = len(sys.modules)
        found = [name for name in MODULES if name in sys.modules and name not in self._done and _whole(name)]
        if not found:
            return
        with unrewritten():
            from ..runtime.instrumentation.automatic import instrument_class

        kinds: list[type] = []
        for name in found:
            self._done.add(name)
            watched, kind = instrument_class(name, self._taken, self._lost)
            self._watched.append(watched)
            self._patches.put(kind, "__init__", self._making(kind.__init__))  # type: ignore[misc]
            kinds.append(kind)
        self.classes += tuple(kinds)
        for thing in gc.get_objects():
            if issubclass(type(thing), tuple(kinds)):  # what a thing says of its class may be anything
                self._note(thing, None)

    def _taken(self, kind: str, pool: str, at: Positions) -> Acquisition:
        assert self._book is not None
        book = self._book
        return Acquisition(kind, f"of {pool}", Origin(at), book.current(), threading.get_ident(), book.fixture())

    def _lost(self, acquired: Acquisition) -> None:
        if self._book is not None:
            self._book.drop(acquired)

    def _note(self, pool: Any, acquired: Acquisition | None) -> None:
        with contextlib.suppress(TypeError):  # asyncpg's pool cannot be followed weakly
            self._made[pool] = acquired

    def _making(self, real: Callable[..., None]) -> Any:
        def __init__(pool: Any, *arguments: Any, **named: Any) -> None:
            real(pool, *arguments, **named)
            if self._book is not None:
                older = self._maker(pool, sys._getframe(1))
                acquired = self._book.enter("pool", type(pool).__name__, sys._getframe(1))
                self._note(pool, acquired if older is None else self._made[older])

        return signed(__init__, real)

    def _maker(self, pool: Any, frame: FrameType | None) -> Any:
        """The pool that makes this one in its place, as an engine's does when it is disposed of."""
        for _ in range(REMAKING):
            if frame is None:
                return None
            maker = frame.f_locals.get("self")
            if maker is not pool and issubclass(type(maker), self.classes) and maker in self._made:
                return maker
            frame = frame.f_back
        return None


def _whole(name: str) -> bool:
    """Whether a module's import is over."""
    spec = getattr(sys.modules[name], "__spec__", None)
    return not getattr(spec, "_initializing", False)
