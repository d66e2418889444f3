"""A collection of our own must not tell an innocent test of what it finds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def quietly(collect: Callable[[], object]) -> None:
    """Collect, and drop a `ResourceWarning` that a filter has turned into an error: the ledger has noted its object."""
    before = sys.unraisablehook

    def keep(unraisable: Any) -> None:
        if not isinstance(unraisable.exc_value, ResourceWarning):
            before(unraisable)

    sys.unraisablehook = keep
    try:
        collect()
    finally:
        sys.unraisablehook = before
