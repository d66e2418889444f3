"""asyncio's transports and anyio's streams that nobody closed: the collector did, with its loop or after it.

Both warn about it, when somebody listens.  A connection that is still open is a finding as a socket.  What a
loop accepts by itself, for a server, has no line that asked for it.
Cost: nothing until asyncio is imported; 3 µs a transport, 2 µs a stream.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ..origins import Acquisition, Owner
from .patches import Patches, Stands
from .probe import Book, Census, Key, Sight

MARK = "_memguard_acquired"
"""Kept on the object itself: when the collector runs a finalizer, weak references are gone already."""


@dataclass(frozen=True, slots=True)
class Make:
    """One class of transports or streams."""

    module: str
    name: str
    is_open: Callable[[Any], bool]
    kind: str = "transport"


def _has(name: str) -> Callable[[Any], bool]:
    return lambda thing: getattr(thing, name, None) is not None


MADE_IN_PYTHON = 1 << 9
"""The flag of a type that a `class` statement makes; what C code makes, such as uvloop's transports, lacks it."""


def _writes_somewhere(writer: Any) -> bool:
    """Whether a writer's transport is open; a stand-in that a test made for one holds nothing."""
    transport = writer._transport
    kind = type(transport)
    if kind.__flags__ & MADE_IN_PYTHON and not issubclass(kind, sys.modules["asyncio.transports"].BaseTransport):
        return False
    return not transport.is_closing()


MAKES = (
    Make("asyncio.selector_events", "_SelectorTransport", _has("_sock")),
    Make("asyncio.unix_events", "_UnixReadPipeTransport", _has("_pipe")),
    Make("asyncio.unix_events", "_UnixWritePipeTransport", _has("_pipe")),
    Make("asyncio.streams", "StreamWriter", _writes_somewhere),
    Make("asyncio.base_subprocess", "BaseSubprocessTransport", lambda thing: not getattr(thing, "_closed", True)),
    Make("anyio.streams.memory", "MemoryObjectSendStream", lambda thing: not thing._closed, "memory stream"),
    Make("anyio.streams.memory", "MemoryObjectReceiveStream", lambda thing: not thing._closed, "memory stream"),
)


class Transports:
    """Transports and streams that were dropped."""

    name = "transport"

    def __init__(self) -> None:
        self._patches = Patches()
        self._book: Book | None = None
        self._found: set[Make] = set()
        self._modules = 0

    def start(self, book: Book, _: Stands) -> None:
        """Patch what is imported; `take` looks again."""
        self._book = book
        self._find()

    def stop(self) -> None:
        """Put it back."""
        self._patches.undo()
        self._found.clear()
        self._modules = 0

    def take(self) -> Census:
        """Nothing: an open transport is an open descriptor."""
        if len(sys.modules) != self._modules:
            self._find()
        return frozenset()

    def describe(self, key: Key) -> Sight | None:
        """Never asked."""
        raise LookupError(key)

    def forget(self, ended: Owner) -> None:
        """Nothing to do: the records go with the objects."""

    def _find(self) -> None:
        self._modules = len(sys.modules)
        for make in MAKES:
            kind = getattr(sys.modules.get(make.module), make.name, None)
            if kind is None or make in self._found:
                continue
            self._found.add(make)
            creator = "__post_init__" if "__post_init__" in vars(kind) else "__init__"
            self._patches.put(kind, creator, self._made(vars(kind).get(creator, kind.__init__), make))
            self._patches.put(kind, "__del__", self._freed(getattr(kind, "__del__", None), make))

    def _made(self, real: Callable[..., None], make: Make) -> Callable[..., None]:
        def __init__(thing: Any, *arguments: Any, **named: Any) -> None:
            real(thing, *arguments, **named)
            if self._book is not None:
                acquired = self._book.enter(make.kind, type(thing).__name__, _asker(sys._getframe(1)))
                object.__setattr__(thing, MARK, acquired)

        __init__.__wrapped__ = real  # type: ignore[attr-defined]  # keeps the signature
        return __init__

    def _freed(self, real: Callable[[Any], object] | None, make: Make) -> Callable[..., None]:
        def __del__(thing: Any, *arguments: Any, **named: Any) -> None:
            acquired: Acquisition | None = getattr(thing, MARK, None)
            if acquired is not None and self._book is not None and make.is_open(thing):
                self._book.drop(acquired)
            if real is not None:
                real(thing, *arguments, **named)

        return __del__


INSIDE = ("asyncio", "anyio", "dataclasses", "pytest_memguard")
"""Whose frames stand between a transport and who asked for it; a dataclass's constructor has no module's name."""


def _asker(frame: FrameType | None) -> FrameType | None:
    """The first frame outside asyncio and anyio; None when a loop's turn comes first: then nobody asked."""
    while frame is not None:
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package not in INSIDE and frame.f_code.co_filename != "<string>":
            return frame
        if frame.f_code.co_name == "_run_once":
            return None
        frame = frame.f_back
    return None
