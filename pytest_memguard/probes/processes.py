"""Child processes that run or wait to be reaped, and `Popen` objects that nobody waited for.

The kernel's list may skip a child while another is being reaped, so those that a test has started are asked for by
number as well.  Cost: one read of `/proc/self/task/*/children`, 14 µs, while there are children; 2 µs a process
started, 6 µs a look for one that has ended.  A child that C code makes without telling Python is not seen while there
is no other.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from ..origins import Acquisition, Owner
from . import audit
from .patches import Patches, Stand, Stands
from .probe import Book, Census, Key, Sight
from .watched import Register, Watched

TASKS = "/proc/self/task"
FORKS = ("os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "subprocess.Popen")


def available() -> bool:
    """Whether the kernel lists this process's children."""
    return os.path.isdir(TASKS)


class Processes:
    """Children of this process, whoever started them."""

    name = "process"

    def __init__(self) -> None:
        self._patches = Patches()
        self._known: dict[int, Acquisition] = {}
        self._handles = Register(_freed)
        self._book: Book | None = None
        self._others = False
        self._spawns = False
        self._children: set[int] = set()
        """Those of the last look."""
        self._any = True
        """Whether there may be children: asking the kernel costs more than all other probes together."""

    def start(self, book: Book, stands: Stands) -> None:
        """Patch `Popen` and `os.fork`, and multiprocessing's start once it is imported."""
        self._book = book
        self._patches.put(subprocess.Popen, "__init__", self._made(subprocess.Popen.__init__))
        self._patches.put(subprocess.Popen, "__del__", self._dropped(subprocess.Popen.__del__))
        if hasattr(os, "fork"):
            stands.add(_Fork(os.fork, self))
        for event in FORKS:
            audit.listen(event, self._forked)
        self._find_multiprocessing()

    def stop(self) -> None:
        """Put everything back."""
        for event in FORKS:
            audit.silence(event)
        self._patches.undo()
        self._known.clear()
        self._handles.clear()
        self._children.clear()
        self._others = self._spawns = False

    def take(self) -> Census:
        """The children that exist now, zombies included."""
        self._find_multiprocessing()
        if not self._any:
            return frozenset()
        children: set[int] = set()
        try:
            tasks = os.listdir(TASKS)
        except OSError:
            return frozenset()
        for task in tasks:
            with contextlib.suppress(OSError):  # the thread has ended meanwhile
                number = os.open(f"{TASKS}/{task}/children", os.O_RDONLY)
                try:
                    children.update(map(int, os.read(number, 65536).split()))
                finally:
                    os.close(number)
        children.update(number for number in self._known.copy().keys() - children if _is_ours(number))
        self._any = bool(children)
        self._children = children
        return frozenset((self.name, number) for number in children)

    def describe(self, key: Key) -> Sight | None:
        """Tell number, state and command of a child."""
        number = key[1]
        assert isinstance(number, int)
        state, command = _state(number)
        if not state:
            return None
        acquired = self._known.get(number)
        kind = "zombie process" if state == "Z" else "process"
        what = f"{number} ({command}){', ended' if state == 'Z' else ''}"
        return Sight(kind, what, acquired)

    def at(self, number: int, _: str) -> Sight | None:
        """The process object of multiprocessing that has a descriptor: it gives it back at its `close()` or end."""
        for process, ref in self._handles:
            popen = vars(process).get("_popen")
            finalizer = getattr(popen, "finalizer", None)
            if finalizer is not None and finalizer.still_active() and number in finalizer._args:
                what = f"of {vars(process)['_name']!r} ({popen.pid}), descriptor {number}"
                return Sight("process handle", what, ref.acquired, process, subject=number == popen.sentinel)
        return None

    def forget(self, ended: Owner) -> None:
        """Drop the records of an owner that has been judged, but for those of children that are still there."""
        self._known = {
            number: acquired
            for number, acquired in self._known.copy().items()
            if acquired.owner is not ended or number in self._children
        }

    def note(self, number: int, what: str, frame: Any) -> Acquisition:
        """Remember who started a child."""
        assert self._book is not None
        self._any = True
        self._known[number] = acquired = self._book.enter("process", what, frame)
        return acquired

    def _forked(self, _: tuple[Any, ...]) -> None:
        self._any = True

    def _find_multiprocessing(self) -> None:
        util: Any = sys.modules.get("multiprocessing.util")
        if not self._spawns and hasattr(util, "spawnv_passfds"):
            self._spawns = True
            self._patches.put(util, "spawnv_passfds", self._spawned(util.spawnv_passfds))
        module = sys.modules.get("multiprocessing.process")
        if module is None or self._others or not hasattr(module, "BaseProcess"):
            return
        self._others = True
        real = module.BaseProcess.start

        def start(process: Any) -> None:
            real(process)
            self._handles.add(process, self.note(process.pid, process.name, sys._getframe(1)))

        start.__doc__ = real.__doc__
        self._patches.put(module.BaseProcess, "start", start)

    def _spawned(self, real: Callable[..., int]) -> Callable[..., int]:
        """How multiprocessing starts what it keeps for itself, such as its tracker."""

        def spawnv_passfds(*arguments: Any, **named: Any) -> int:
            number = real(*arguments, **named)
            self.note(number, "", sys._getframe(1))
            return number

        return spawnv_passfds

    def _made(self, real: Callable[..., None]) -> Callable[..., None]:
        def __init__(process: Any, *arguments: Any, **named: Any) -> None:
            real(process, *arguments, **named)
            self.note(process.pid, _words(process.args), sys._getframe(1))

        __init__.__wrapped__ = real  # type: ignore[attr-defined]  # keeps the signature
        return __init__

    def _dropped(self, real: Callable[..., None]) -> Callable[..., None]:
        def __del__(process: Any, *arguments: Any, **named: Any) -> None:
            if getattr(process, "_child_created", False) and process.returncode is None and self._book is not None:
                acquired = self._known.get(process.pid)
                if acquired is not None:
                    self._book.drop(acquired, f"{process.pid} ({acquired.what})", "freed without a wait()")
            real(process, *arguments, **named)

        return __del__


class _Fork(Stand):
    def __init__(self, real: Callable[..., Any], probe: Processes) -> None:
        super().__init__(real)
        self._probe = probe

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        number = self.real(*arguments, **named)
        if number:
            self._probe.note(number, "a fork", sys._getframe(1))
        return number


def _freed(_: Watched) -> None:
    """A process object that is freed has closed its pipes: that is how most go."""


def _words(command: Any) -> str:
    words = [command] if isinstance(command, str | bytes | os.PathLike) else list(command)
    text = " ".join(os.fsdecode(word) for word in words)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_ours(number: int) -> bool:
    """Whether a number that a child had is still that of a child of this process."""
    try:
        with open(f"/proc/{number}/stat", "rb", buffering=0) as file:
            text = file.read()
    except OSError:
        return False
    return int(text[text.rindex(b")") + 2 :].split()[1]) == os.getpid()


def _state(number: int) -> tuple[str, str]:
    try:
        with open(f"/proc/{number}/stat", encoding="utf-8", errors="replace") as lines:
            text = lines.read()
    except OSError:  # reaped meanwhile
        return "", ""
    return text[text.rindex(")") + 2], text[text.index("(") + 1 : text.rindex(")")]
