"""A scope for code without an event loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TypeVar

from .stack import Stack, tell_dropped, undo_for

T = TypeVar("T")


class Scope(Stack):
    """Releases what is registered in it when its block ends: in reverse order, each thing once, all of them.

    >>> with Scope("copy") as scope:
    ...     source = scope.own(open("/dev/null"))
    ...     scope.defer(print, "released second")
    ...     target = scope.own(["anything"], release=lambda thing: print("released first"))
    released first
    released second
    >>> source.closed
    True

    A release that fails does not keep the others from being tried.  Their errors are raised as one
    `ExceptionGroup`, or become notes on the error that the block itself raised.  In a forked child the
    scope releases nothing: its things are the parent's.
    """

    def own(self, thing: T, release: Callable[[T], object] | None = None) -> T:
        """Register a thing and give it back; `release` is called with it (default: its `close` method)."""
        self._push(thing, undo_for(thing, release, ("close",)))
        return thing

    def defer(self, callback: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Register a call for the end of the scope."""
        self._push(callback, lambda: callback(*args, **kwargs))

    def enter(self, manager: AbstractContextManager[T]) -> T:
        """Enter a context manager and give what it gives; it is left, without an error, at the scope's end."""
        value = manager.__enter__()
        self._push(value, lambda: manager.__exit__(None, None, None))
        return value

    def release(self, thing: object) -> None:
        """Release one thing now.  Raises `MemguardError` when the scope does not own it."""
        self._take_out(thing).end()()

    def transfer(self, thing: T, to: Scope | None = None) -> T:
        """Hand a thing over to another scope, or to the caller, who then has to release it."""
        self._give_to(thing, to)
        return thing

    def pop_all(self) -> Scope:
        """Move everything into a new scope: what was built step by step is complete, and its owner takes it."""
        other = Scope()
        self._move_all(other)
        return other

    def close(self) -> None:
        """Release everything now; raises as the end of a block does.  May be called again."""
        self._close(None)

    def _close(self, error: BaseException | None) -> None:
        failures: list[BaseException] = []
        if self._begin_close():
            while self._entries:
                try:
                    self._entries.pop().end()()
                except BaseException as failure:
                    failures.append(failure)
        self._collected(failures, error)

    def __enter__(self) -> Scope:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close(error)

    def __del__(self) -> None:
        entries = getattr(self, "_entries", ())
        if not entries:
            return
        count = len(entries)
        for entry in entries:
            tell_dropped(entry)
        try:
            self._close(None)
        finally:
            warnings.warn(
                f"{self.label}, made at {self.origin}, was dropped with {count} things to release, and released "
                "them late. Use it in a `with` block, or call close().",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
