"""The adapter for `concurrent.futures`: a job is outstanding until it is done."""

from __future__ import annotations

from typing import Any

from .ledger import Instrumentation


def executor(target: Any, name: str | None) -> Instrumentation:
    """A thread or process pool executor."""
    watched = Instrumentation(target, "executor job", name)

    def submit(original: Any, _: Any, *args: Any, **kwargs: Any) -> Any:
        future = original(*args, **kwargs)
        key = id(future)
        watched.begin(key)
        future.add_done_callback(lambda _: watched.end(key))
        return future

    watched.override(target, submit=submit)
    return watched
