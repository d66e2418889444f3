"""Jobs that a test gave to an executor and that are not done when it is over.

An executor that nobody shuts down is a finding of its own; this is for one that lives on, a module's or a fixture's.
Only reported: a job may be meant to go on.  Cost: 3 µs a `submit`, 0.1 µs a look for each future that lives.
"""

from __future__ import annotations

import concurrent.futures.thread
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..frames import Origin
from ..origins import Acquisition, Owner, positions
from .patches import Patches, Stands
from .probe import Book, Census, Key, Sight
from .state import function_name
from .watched import Register, Watched


class Jobs:
    """Futures of `concurrent.futures`' executors; of process pools too, once somebody has imported them."""

    name = "executor job"

    def __init__(self) -> None:
        self._patches = Patches()
        self._futures = Register(_done)
        self._book: Book | None = None
        self._processes = False

    def start(self, book: Book, _: Stands) -> None:
        """Patch `submit`."""
        self._book = book
        self._patch(concurrent.futures.thread.ThreadPoolExecutor)
        self._find_processes()

    def stop(self) -> None:
        """Put it back."""
        self._patches.undo()
        self._futures.clear()
        self._processes = False

    def take(self) -> Census:
        """The jobs that wait or run."""
        self._find_processes()
        return frozenset((self.name, id(future)) for future, _ in self._futures if not future.done())

    def describe(self, key: Key) -> Sight | None:
        """Tell which function it is; who keeps it is the executor, whoever gave it."""
        number = key[1]
        assert isinstance(number, int)
        ref = self._futures.get(number)
        return Sight(self.name, ref.acquired.what, ref.acquired) if ref is not None else None

    def forget(self, ended: Owner) -> None:
        """Nothing to do: the records go with the futures."""

    def _find_processes(self) -> None:
        module = sys.modules.get("concurrent.futures.process")
        if module is not None and not self._processes and hasattr(module, "ProcessPoolExecutor"):
            self._processes = True
            self._patch(module.ProcessPoolExecutor)

    def _patch(self, kind: Any) -> None:
        self._patches.put(kind, "submit", self._submitting(kind.submit))

    def _submitting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def submit(executor: Any, *arguments: Any, **named: Any) -> Any:
            future = real(executor, *arguments, **named)
            if self._book is not None and arguments:
                what = f"{function_name(arguments[0])} in a {type(executor).__name__}"
                origin = Origin(positions(sys._getframe(1)))
                acquired = Acquisition(self.name, what, origin, self._book.current(), threading.get_ident())
                self._futures.add(future, acquired)
            return future

        submit.__doc__ = real.__doc__
        submit.__wrapped__ = real  # type: ignore[attr-defined]  # keeps the signature
        return submit


def _done(ref: Watched) -> None:
    """A future that is freed is done, or its executor has ended: that is told elsewhere."""
