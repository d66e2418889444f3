"""One instrumented object: its leases, its overridden methods, and how to put everything back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Hashable, Iterable
from types import FrameType, ModuleType, TracebackType
from typing import Any, TypeAlias

from ..lease import BaseLease, register
from ..origin import DEPTH, Positions

Method: TypeAlias = Callable[..., Any]


class ForeignLease(BaseLease[None]):
    """Something lent by a library's own pool; it holds no value, so it keeps nothing alive."""

    __slots__ = ()

    def end(self) -> None:
        """Note that it came back."""
        self._end(None)


class Instrumentation:
    """Watches one object of another library, until `undo()` or the end of its `with` block.

    `outstanding()` lists what it lends; listeners get the events of every lease.
    """

    def __init__(
        self, target: object, kind: str, name: str | None = None, packages: tuple[str, ...] = (), *, listed: bool = True
    ) -> None:
        self.target = target
        self.kind = kind
        self.label = f"{type(target).__qualname__} {name!r}" if name else f"{type(target).__qualname__}"
        self._open: dict[Hashable, ForeignLease] = {}
        self._undo: list[Callable[[], None]] = []
        self._inside = _folders({*packages, type(target).__module__.partition(".")[0]})
        if listed:
            register(self)

    def begin(self, key: Hashable) -> None:
        """Note that something was lent; `key` (an `id`, as a rule) tells it from the others."""
        if key not in self._open:
            self._open[key] = ForeignLease(self, None, self.kind, self._positions())

    def end(self, key: Hashable) -> None:
        """Note that it came back; what was lent before the instrumentation is passed over."""
        lease = self._open.pop(key, None)
        if lease is not None:
            lease.end()

    def outstanding(self) -> Iterable[BaseLease[Any]]:
        """What was lent and has not come back, oldest first."""
        return list(self._open.values())

    def on_undo(self, action: Callable[[], None]) -> None:
        """Have something put back by `undo`, the last first."""
        self._undo.append(action)

    def override(self, target: Any, **methods: Method) -> None:
        """Replace methods of one object by giving it a class of its own; each is called with the original first.

        That works where instances take no attributes, and for special methods.
        """
        before = type(target)
        namespace: dict[str, Any] = {name: _calling(method, getattr(before, name)) for name, method in methods.items()}
        namespace |= {"__slots__": (), "__module__": before.__module__, "__qualname__": before.__qualname__}
        after = type(before.__name__, (before,), namespace)
        target.__class__ = after

        def put_back() -> None:
            if type(target) is after:
                target.__class__ = before

        self.on_undo(put_back)

    def undo(self) -> None:
        """Put everything back and forget what is outstanding.  May be called again."""
        while self._undo:
            self._undo.pop()()
        self._open.clear()

    def __enter__(self) -> Instrumentation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.undo()

    def __repr__(self) -> str:
        state = f"{len(self._open)} outstanding" if self._undo else "undone"
        return f"<instrumented {self.label}: {state}>"

    def _positions(self) -> Positions:
        """The callers, from the first outside the library on; through a greenlet to whoever started it."""
        positions: list[Any] = []
        frame: FrameType | None = sys._getframe(1)
        greenlet = _current_greenlet()
        while len(positions) < 2 * DEPTH:
            if frame is None:
                greenlet = getattr(greenlet, "parent", None)
                frame = getattr(greenlet, "gr_frame", None)
                if frame is None:
                    break
            if positions or not frame.f_code.co_filename.startswith(self._inside):
                positions += (frame.f_code, frame.f_lasti)
            frame = frame.f_back
        return tuple(positions)


def _current_greenlet() -> Any:
    greenlet = sys.modules.get("greenlet")
    return greenlet.getcurrent() if greenlet is not None else None


def _calling(method: Method, original: Method) -> Method:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(lambda *a, **k: original(self, *a, **k), self, *args, **kwargs)

    return call


def _folders(packages: Iterable[str]) -> tuple[str, ...]:
    """Where the frames live that are passed over at the inner end: the library's, ours, and plumbing."""
    modules = [sys.modules.get(name) for name in (*packages, "contextlib", "asyncio", "concurrent", "threading")]
    inside = [_place(module) for module in modules if module is not None and getattr(module, "__file__", None)]
    return (*inside, os.path.dirname(os.path.dirname(_calling.__code__.co_filename)) + os.sep)


def _place(module: ModuleType) -> str:
    file = str(module.__file__)
    return os.path.dirname(file) + os.sep if os.path.basename(file).startswith("__init__.") else file
