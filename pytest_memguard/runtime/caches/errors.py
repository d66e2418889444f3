"""What only caches raise."""

from __future__ import annotations

from ..errors import MemguardError


class LoadCancelled(MemguardError):
    """A load was cancelled from inside, or by closing the cache, while callers waited who were not."""
