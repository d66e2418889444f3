"""One audit hook for the whole process: it cannot be removed, so it is added once and consults a table.

With an empty table an event costs 0.1 µs.  Listeners run with the event's arguments, before the event.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

Listener: TypeAlias = Callable[[tuple[Any, ...]], object]

_table: dict[str, Listener] = {}
_added = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    listener = _table.get(event)
    if listener is not None:
        listener(arguments)


def listen(event: str, listener: Listener) -> None:
    """Call `listener` at each event of this name.  One listener an event: a second is refused.

    Raises `ValueError` when the event has a listener.
    """
    global _added
    if event in _table:
        raise ValueError(f"the audit event {event!r} already has a listener; stop that probe first")
    _table[event] = listener
    if not _added:
        sys.addaudithook(_hook)
        _added = True


def silence(event: str) -> None:
    """End what `listen` began; an event without a listener is fine."""
    _table.pop(event, None)


def listening() -> tuple[str, ...]:
    """The events that somebody listens to now."""
    return tuple(sorted(_table))
