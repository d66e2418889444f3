"""What a call needs at its highest, for the tests that have a limit and for no other."""

from __future__ import annotations

from collections.abc import Generator

import pytest


class Peaks:
    """Measures the call of a test while `limit` says so: measuring costs three times the call."""

    def __init__(self) -> None:
        self.limit = 0
        """In bytes; 0 measures nothing."""
        self.peak = 0
        """What the last measured call needed, in bytes."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Measure, unless somebody else already does."""
        self.peak = 0
        if not self.limit:
            return (yield)
        import tracemalloc  # and pickle with it: not in a run without limits

        if tracemalloc.is_tracing():
            return (yield)
        tracemalloc.start()
        try:
            return (yield)
        finally:
            self.peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
