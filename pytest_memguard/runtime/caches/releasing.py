"""Telling `on_remove` and closing values: every one is tried, whatever the others did."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..unraised import report
from .entry import Cause, Removal

OnRemove = Callable[[Any, Any, Cause], object]
Close = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of a callback, with the callback and what it was called for."""

    error: BaseException
    callback: object
    removal: Removal[Any, Any]


class Release:
    """The callbacks for some removals, in order: the listener first, so that it sees the value open.

    `run` goes as far as it can without awaiting; `finish` awaits what `run` met, and goes on.
    """

    __slots__ = ("_callback", "_removal", "_steps", "failures")

    def __init__(self, removals: Iterable[Removal[Any, Any]], on_remove: OnRemove | None, close: Close | None) -> None:
        self.failures: list[Failure] = []
        self._steps = _steps(removals, on_remove, close)
        self._callback: object = None
        self._removal: Removal[Any, Any] | None = None

    def run(self) -> Awaitable[object] | None:
        """Call one after the other; return the first awaitable answer, or None when all are done."""
        for removal, callback, step in self._steps:
            self._removal, self._callback = removal, callback
            try:
                answer = step()
            except BaseException as error:
                self._fail(error)
            else:
                if inspect.isawaitable(answer):
                    return answer
        return None

    def run_all(self) -> None:
        """Call all; an awaitable answer is a failure, since nobody here can await it."""
        while (answer := self.run()) is not None:
            if inspect.iscoroutine(answer):
                answer.close()
            self._fail(TypeError(f"{self._callback!r} is asynchronous: an AsyncCache awaits it, a Cache cannot"))

    async def finish(self, answer: Awaitable[object] | None) -> None:
        """Await the answer that `run` returned, and call the rest."""
        while answer is not None:
            try:
                await answer
            except BaseException as error:
                self._fail(error)
            answer = self.run()

    def _fail(self, error: BaseException) -> None:
        assert self._removal is not None
        self.failures.append(Failure(error, self._callback, self._removal))


def _steps(
    removals: Iterable[Removal[Any, Any]], on_remove: OnRemove | None, close: Close | None
) -> Iterator[tuple[Removal[Any, Any], object, Callable[[], object]]]:
    for removal in removals:
        if on_remove is not None:
            yield removal, on_remove, lambda: on_remove(removal.key, removal.value, removal.cause)  # noqa: B023 - called before the next is made
        if close is not None and removal.release:
            yield removal, close, lambda: close(removal.value)  # noqa: B023 - called before the next is made


def tell(failures: Iterable[Failure], label: str) -> None:
    """Report the errors of callbacks which nobody asked for: an eviction has no caller to blame.

    An interrupt is not an error of the callback: it is raised, after all have been reported.
    """
    interrupt: BaseException | None = None
    for failure in failures:
        if isinstance(failure.error, KeyboardInterrupt | SystemExit):
            interrupt = interrupt or failure.error
        else:
            key, cause = failure.removal.key, failure.removal.cause.value
            report(failure.error, f"when {label} released {key!r} ({cause})", failure.callback)
    if interrupt is not None:
        raise interrupt


def raise_all(failures: list[Failure], label: str) -> None:
    """Raise the errors of callbacks together: for calls that asked for the removal."""
    if failures:
        errors = [failure.error for failure in failures]
        raise BaseExceptionGroup(f"{label} could not release {len(errors)} of its values", errors)
