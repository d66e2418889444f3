"""Every main class shows how it is used; `tests/house/test_docstrings.py` runs what they show."""

from __future__ import annotations

import pytest_memguard.runtime as runtime


def test_every_main_class_has_an_example() -> None:
    for name in (
        "AsyncPool",
        "AsyncScope",
        "CircuitBreaker",
        "Pool",
        "Scope",
        "cancel_everywhere",
        "Origin",
        "subscribe",
    ):
        assert ">>>" in (getattr(runtime, name).__doc__ or ""), name
