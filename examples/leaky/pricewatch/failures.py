"""The newest failures, for the status page: what went wrong, where."""

from __future__ import annotations

from collections import deque

RECENT: deque[tuple[str, Exception]] = deque(maxlen=20)


def remember(place: str, error: Exception) -> None:
    """Keep a failure, and with its traceback every frame that it passed through."""
    RECENT.append((place, error))


def status_page() -> str:
    """Show the newest failures, one a line."""
    return "\n".join(f"{place}: {type(error).__name__}: {error}" for place, error in RECENT)
