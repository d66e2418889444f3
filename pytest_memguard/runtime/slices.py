"""Who still holds a view of a buffer: asked only when a buffer cannot be given back."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from types import FrameType, ModuleType
from typing import Any

_MOST_NAMED = 5


def views_of(buffer: object) -> list[memoryview]:
    """Every living `memoryview` of the buffer, slices and casts among them."""
    found: list[memoryview] = []
    for mapping in gc.get_referrers(buffer):
        # Between a buffer and its views CPython keeps one object, whose type has no name to import.
        if type(mapping).__name__ == "managedbuffer":
            found.extend(view for view in gc.get_referrers(mapping) if isinstance(view, memoryview))
    return [view for view in found if _is_open(view)]


def _is_open(view: memoryview) -> bool:
    try:
        return view.nbytes >= 0
    except ValueError:  # released
        return False


def holders_of(buffer: object) -> str:
    """Say in one line who holds views of the buffer, or that nobody could be found."""
    views = views_of(buffer)
    if not views:
        return "by an extension type that the garbage collector cannot see into (an array made from the buffer?)"
    named = [f"{view.nbytes} bytes {_holder(view, views)}" for view in islice(views, _MOST_NAMED)]
    more = len(views) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")


def _holder(view: memoryview, views: list[memoryview]) -> str:
    for frame in _frames():
        for name, value in frame.f_locals.items():
            if value is view:
                return f"in `{name}` of {frame.f_code.co_name}, {frame.f_code.co_filename}:{frame.f_lineno}"
    for referrer in gc.get_referrers(view):
        if referrer is views or isinstance(referrer, FrameType):
            continue
        return _place(referrer, view)
    return "in a place that the garbage collector cannot see"


def _place(referrer: Any, view: memoryview) -> str:
    """How the view is reached from an object: by attribute, key or index."""
    if isinstance(referrer, dict):
        key = next((key for key, value in list(referrer.items()) if value is view), None)
        for owner in gc.get_referrers(referrer):
            if isinstance(owner, ModuleType) and vars(owner) is referrer:
                return f"in `{owner.__name__}.{key}`"
            if getattr(owner, "__dict__", None) is referrer:
                return f"in `{type(owner).__qualname__}.{key}`"
        return f"in a dict under {key!r}"
    if isinstance(referrer, list | tuple):
        index = next((at for at, each in enumerate(referrer) if each is view), 0)
        return f"in a {type(referrer).__name__} at index {index}"
    kind = type(referrer)
    for name in (*getattr(referrer, "__dict__", ()), *getattr(kind, "__slots__", ())):
        if getattr(referrer, name, None) is view:
            return f"in `{kind.__qualname__}.{name}`"
    return f"in a {kind.__module__}.{kind.__qualname__}"


def _frames() -> Iterator[FrameType]:
    """The frames of all threads, outside this package's runtime."""
    here = sys._getframe()
    for thread, frame in sys._current_frames().items():
        current: FrameType | None = here if thread == threading.get_ident() else frame
        while current is not None:
            if not current.f_globals.get("__name__", "").startswith(__package__):
                yield current
            current = current.f_back
