"""A scope for tasks: its releases may await, and are finished whoever is cancelled."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from inspect import isawaitable
from types import TracebackType
from typing import Any, TypeVar

from ..closing import LIMIT, close_in_background, finish
from .stack import Entry, Stack, tell_dropped, undo_for

T = TypeVar("T")


class AsyncScope(Stack):
    """Releases what is registered in it when its block ends, awaiting where needed, whoever is cancelled.

    >>> import asyncio
    >>> async def main():
    ...     async with AsyncScope("copy") as scope:
    ...         scope.defer(print, "released second")
    ...         scope.defer(asyncio.sleep, 0)
    ...         scope.own(["anything"], release=lambda thing: print("released first"))
    >>> asyncio.run(main())
    released first
    released second

    As `Scope`.  The releases run in a task of their own that declines to be cancelled; the block ends when
    they are done, and a cancellation that came meanwhile is raised then.  `limit` bounds them, in seconds.
    """

    noun = "AsyncScope"

    def __init__(self, name: str | None = None, limit: float | None = LIMIT) -> None:
        super().__init__(name)
        self._limit = limit
        with suppress(RuntimeError):  # made before its loop runs: the loop that enters it is the one
            self._owner.enter_loop()

    def own(self, thing: T, release: Callable[[T], object] | None = None) -> T:
        """Register a thing and give it back; `release` is called with it (default: `aclose` or `close`)."""
        self._push(thing, undo_for(thing, release, ("aclose", "close")))
        return thing

    def defer(self, callback: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Register a call for the end of the scope; what it returns is awaited if it can be."""
        self._push(callback, lambda: callback(*args, **kwargs))

    def enter(self, manager: AbstractContextManager[T]) -> T:
        """Enter a context manager and give what it gives; it is left, without an error, at the scope's end."""
        value = manager.__enter__()
        self._push(value, lambda: manager.__exit__(None, None, None))
        return value

    async def enter_async(self, manager: AbstractAsyncContextManager[T]) -> T:
        """Enter an asynchronous context manager and give what it gives; it is left in the closing task."""
        value = await manager.__aenter__()
        self._push(value, lambda: manager.__aexit__(None, None, None))
        return value

    async def release(self, thing: object) -> None:
        """Release one thing now.  Raises `MemguardError` when the scope does not own it."""
        failures = await self._released([self._take_out(thing)])
        self._collected(failures, None)

    def transfer(self, thing: T, to: AsyncScope | None = None) -> T:
        """Hand a thing over to another scope, or to the caller, who then has to release it."""
        self._give_to(thing, to)
        return thing

    def pop_all(self) -> AsyncScope:
        """Move everything into a new scope: what was built step by step is complete, and its owner takes it."""
        other = AsyncScope(limit=self._limit)
        self._move_all(other)
        return other

    async def aclose(self) -> None:
        """Release everything now; raises as the end of a block does.  May be called again."""
        await self._close(None)

    async def _close(self, error: BaseException | None) -> None:
        self._owner.enter_loop()
        if not self._begin_close():
            return
        entries, self._entries = self._entries, []
        self._collected(await self._released(entries), error)

    async def _released(self, entries: list[Entry]) -> list[BaseException]:
        if not entries:
            return []
        return await finish(close_in_background(_release_all(entries), self.label, self._limit))

    async def __aenter__(self) -> AsyncScope:
        self._owner.enter_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close(error)

    def __del__(self) -> None:
        entries = getattr(self, "_entries", None)
        if not entries:
            return
        for entry in entries:
            tell_dropped(entry)
        loop = self._owner.loop
        late = loop is not None and loop.is_running()
        if loop is not None and late:
            self._entries = []
            loop.call_soon_threadsafe(_close_late, entries, self.label, self._limit)
        warnings.warn(
            f"{self.label}, made at {self.origin}, was dropped with {len(entries)} things to release, and "
            f"{'releases them late' if late else 'its event loop is gone: they stay open'}. "
            "Use it in an `async with` block, or await its aclose().",
            ResourceWarning,
            source=self,
            stacklevel=2,
        )


def _close_late(entries: list[Entry], label: str, limit: float | None) -> None:
    close_in_background(_release_all(entries), label, limit)


async def _release_all(entries: list[Entry]) -> list[BaseException]:
    """Release the last first, every one; the answer is what they raised."""
    failures: list[BaseException] = []
    while entries:
        try:
            answer = entries.pop().end()()
            if isawaitable(answer):
                await answer
        except asyncio.CancelledError as failure:
            failures.append(TimeoutError(str(failure) or "a release was cancelled"))
        except BaseException as failure:
            failures.append(failure)
    return failures
