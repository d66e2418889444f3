"""The heap mark: everything that exists is frozen, so a collection walks only what came since.

`gc.freeze` costs microseconds at any heap size.  Code that uses the collector itself must not notice: its
own `gc.collect`, and its looks at all objects, first thaw everything.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

from .probes import audit
from .probes.patches import Stand, Stands
from .probes.quiet import quietly

LOOKS = ("gc.get_objects", "gc.get_referrers")
CROWD = 4
"""How many of the interpreter's own young collections (of 700 objects each) may pass before a turn without an
acquisition ends with a collection all the same: sixteen turns of tiny tests share one."""


class HeapMark:
    """Freezes the heap between tests, and thaws it for whoever uses `gc`."""

    def __init__(self) -> None:
        self._collect: Callable[..., int] = gc.collect
        self.noticed: list[str] = []
        """What the code under test did with the collector since the last mark."""

    def start(self, stands: Stands) -> None:
        """Stand where `gc.collect` stands, listen for looks, and set the first mark."""
        self._collect = gc.collect
        stands.add(_Collect(gc.collect, self))
        for event in LOOKS:
            audit.listen(event, self._looked)
        self.mark()

    def stop(self, *, thaw: bool = True) -> None:
        """Put everything back.

        Without `thaw` the heap is collected once and stays frozen until `thaw_for_good`, so that whoever walks it
        in between to be sure that nothing is left, as pytest does five times, has nothing to walk.
        """
        for event in LOOKS:
            audit.silence(event)
        gc.unfreeze()
        if not thaw:
            self._collect()
            gc.freeze()

    def thaw_for_good(self) -> None:
        """End what `stop` left."""
        gc.unfreeze()

    def mark(self) -> None:
        """Freeze what there is: nothing of it is walked again."""
        if gc.isenabled():  # a test that switched the collector off may have its own plans with it
            gc.freeze()
        self.noticed.clear()

    @property
    def crowded(self) -> bool:
        """Whether so much came since the mark that it is time to walk it, though nobody needs to know."""
        _, young, older = gc.get_count()
        return older > 0 or young >= CROWD or bool(self.noticed)

    def collect(self, *, everything: bool = True) -> None:
        """Free the cycles that came since the mark; not `everything` leaves alone what was there when it thawed."""
        if everything or not self.noticed:
            quietly(self._collect)
        else:  # a thawed heap is the oldest generation: to walk it takes a tenth of a second
            quietly(self._collect_young)

    def _collect_young(self) -> None:
        self._collect(1)

    def thaw(self, why: str) -> None:
        """Let the collector see everything again, until the next mark."""
        self.noticed.append(why)
        gc.unfreeze()

    def _looked(self, _: tuple[Any, ...]) -> None:
        if sys._getframe(2).f_globals.get("__package__", "").startswith("pytest_memguard"):
            return
        self.thaw("looked at all objects")


class _Collect(Stand):
    def __init__(self, real: Callable[..., Any], mark: HeapMark) -> None:
        super().__init__(real)
        self._mark = mark

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self._mark.thaw("ran a collection")
        return self.real(*arguments, **named)
