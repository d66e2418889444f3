"""The newest failures, for the status page: what went wrong, where."""

from __future__ import annotations

from collections import deque

RECENT: deque[tuple[str, str]] = deque(maxlen=20)


def remember(place: str, error: Exception) -> None:
    """Keep a failure's text; the exception itself would keep every frame that it passed through."""
    RECENT.append((place, f"{type(error).__name__}: {error}"))


def status_page() -> str:
    """Show the newest failures, one a line."""
    return "\n".join(f"{place}: {text}" for place, text in RECENT)
