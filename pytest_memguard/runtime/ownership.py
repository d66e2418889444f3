"""Who a pool or scope belongs to: the process, thread and event loop that made it, and the line."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

from .errors import WrongLoop, WrongProcess, WrongThread
from .origin import Origin, Positions, snapshot


class Ownership:
    """Where something was made; it makes the errors for those who use it elsewhere.

    A forked child is told by `on_fork`, so that nobody has to ask for the process id at each use.
    """

    __slots__ = ("label", "loop", "loop_positions", "pid", "positions", "thread", "thread_name")

    def __init__(self, label: str) -> None:
        self.label = label
        self.positions = snapshot()
        self.pid = os.getpid()
        self.thread = threading.get_ident()
        self.thread_name = threading.current_thread().name
        self.loop: asyncio.AbstractEventLoop | None = None
        self.loop_positions: Positions = ()

    @property
    def origin(self) -> Origin:
        """The line that made it."""
        return Origin(self.positions)

    def wrong_process(self) -> WrongProcess:
        """The error for use in a forked child."""
        return WrongProcess(
            f"{self.label} belongs to process {self.pid}, which made it at {self.origin}; process {os.getpid()} was "
            "forked from it and would talk over the parent's connections. Make it after the fork, or pass "
            "`reopen_elsewhere=True` to start afresh there."
        )

    def check_thread(self) -> None:
        """Raise `WrongThread` in any thread but the one that made it."""
        if threading.get_ident() != self.thread:
            raise WrongThread(
                f"{self.label} is confined to thread {self.thread_name!r} ({self.thread}), which made it at "
                f"{self.origin}; it was used in thread {threading.current_thread().name!r}. "
                "Make one for each thread, or drop `one_thread=True`."
            )

    def enter_loop(self) -> asyncio.AbstractEventLoop:
        """The running loop, which from the first call on is the only one.  Raises `WrongLoop` in another."""
        running = asyncio.get_running_loop()
        if self.loop is None:
            self.loop = running
            self.loop_positions = snapshot()
        elif self.loop is not running:
            raise self.wrong_loop(running)
        return running

    def wrong_loop(self, running: asyncio.AbstractEventLoop) -> WrongLoop:
        """The error for use in another event loop."""
        assert self.loop is not None
        return WrongLoop(
            f"{self.label} belongs to event loop {_name(self.loop)}, which first used it at "
            f"{Origin(self.loop_positions)} (it was made at {self.origin}); it was used in {_name(running)}. "
            "Make it inside the loop that uses it (in tests: a fixture of the loop's scope) and close it there, "
            "or pass `reopen_elsewhere=True`."
        )


def _name(loop: asyncio.AbstractEventLoop) -> str:
    state = "closed" if loop.is_closed() else "running" if loop.is_running() else "stopped"
    return f"{type(loop).__name__} at {id(loop):#x} ({state})"


_to_tell: weakref.WeakSet[Any] = weakref.WeakSet()


def on_fork(owner: Any) -> None:
    """Have `owner.after_fork_in_child()` called in every child that is forked from now on."""
    _to_tell.add(owner)


def _tell() -> None:
    for owner in tuple(_to_tell):
        owner.after_fork_in_child()


def _register(at_fork: Callable[..., None] | None) -> None:
    if at_fork is not None:  # the platform has no fork otherwise
        at_fork(after_in_child=_tell)


_register(getattr(os, "register_at_fork", None))
