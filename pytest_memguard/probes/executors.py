"""Executors that nobody shut down: those still alive, and those that only the collector ended.

An executor that never got work has no worker and holds nothing.  Cost: 2 µs an executor, no census.
"""

from __future__ import annotations

import concurrent.futures.thread
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..origins import Acquisition, Owner
from .patches import Patches, Stands
from .probe import Book, Census, Key, Sight
from .watched import Register, Watched


class Executors:
    """Thread pools of `concurrent.futures`; process pools too, once somebody has imported them."""

    name = "executor"

    def __init__(self) -> None:
        self._patches = Patches()
        self._live = Register(self._gone)
        self._book: Book | None = None
        self._processes = False

    def start(self, book: Book, _: Stands) -> None:
        """Patch the constructor and `shutdown`."""
        self._book = book
        self._patch(concurrent.futures.thread.ThreadPoolExecutor, "_threads")
        self._find_processes()

    def stop(self) -> None:
        """Put both back."""
        self._patches.undo()
        self._live.clear()
        self._processes = False

    def take(self) -> Census:
        """The executors that have workers and were not shut down."""
        self._find_processes()
        return frozenset((self.name, id(thing)) for thing, ref in self._live if ref.extra)

    def describe(self, key: Key) -> Sight | None:
        """Tell type and workers of an executor."""
        for thing, ref in self._live:
            if id(thing) == key[1]:
                return Sight("executor", f"{type(thing).__name__} with {_count(ref.extra)}", ref.acquired, thing)
        return None

    def forget(self, ended: Owner) -> None:
        """Nothing to do: the records go with the executors."""

    def employer(self, thread: threading.Thread) -> Acquisition | None:
        """Who made the executor whose worker a thread is."""
        workers = ((getattr(thing, "_threads", None) or (), ref) for thing, ref in self._live)
        return next((ref.acquired for group, ref in workers if thread in group), None)

    def _find_processes(self) -> None:
        module = sys.modules.get("concurrent.futures.process")
        if module is not None and not self._processes and hasattr(module, "ProcessPoolExecutor"):
            self._processes = True
            self._patch(module.ProcessPoolExecutor, "_processes")

    def _patch(self, kind: Any, workers: str) -> None:
        self._patches.put(kind, "__init__", self._made(kind.__init__, workers))
        self._patches.put(kind, "shutdown", self._shut(kind.shutdown))

    def _made(self, real: Callable[..., None], workers: str) -> Callable[..., None]:
        def __init__(executor: Any, *arguments: Any, **named: Any) -> None:
            real(executor, *arguments, **named)
            assert self._book is not None
            acquired = self._book.enter("executor", type(executor).__name__, sys._getframe(1))
            self._live.add(executor, acquired, extra=getattr(executor, workers))

        __init__.__wrapped__ = real  # type: ignore[attr-defined]  # keeps the signature
        return __init__

    def _shut(self, real: Callable[..., None]) -> Callable[..., None]:
        def shutdown(executor: Any, *arguments: Any, **named: Any) -> None:
            self._live.remove(executor)
            real(executor, *arguments, **named)

        shutdown.__doc__ = real.__doc__
        shutdown.__wrapped__ = real  # type: ignore[attr-defined]
        return shutdown

    def _gone(self, ref: Watched) -> None:
        if ref.extra and self._book is not None:
            self._book.drop(ref.acquired, f"{ref.acquired.what} with {_count(ref.extra)}")


def _count(workers: Any) -> str:
    return f"{len(workers)} worker{'s' if len(workers) != 1 else ''}"
