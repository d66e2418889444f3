"""How far a long run has come, on a terminal's standard error."""

from __future__ import annotations

import time
from collections.abc import Callable

from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO

PATIENCE = 1.0
"""Seconds before anything is said: a short run stays quiet."""
PAUSE = 0.1
"""Seconds between two updates."""


class Progress:
    """Counts files on one line that is wiped at the end; silent when the stream is no terminal."""

    def __init__(self, total: int, stream: IO[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._stream = stream
        self._clock = clock
        self._done = 0
        self._next = clock() + PATIENCE
        self._shown = False
        self._live = stream.isatty()

    def step(self) -> None:
        """Count one more file."""
        self._done += 1
        if self._live and self._clock() >= self._next:
            self._next = self._clock() + PAUSE
            self._shown = True
            self._stream.write(f"\r{self._done} of {self._total} files")
            self._stream.flush()

    def end(self) -> None:
        """Wipe the line."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
