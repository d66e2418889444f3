"""Exceptions in flight, and which ``except`` clause meets them."""

from __future__ import annotations

import ast
import builtins
import enum
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from memlint.catalogue.model import Kind
from memlint.flow.sites import ExitKind


class Match(enum.Enum):
    """Whether a clause catches an exception."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Flight:
    """An exception on its way."""

    kind: ExitKind
    classes: tuple[str, ...] | None
    """Qualified classes it may be of; None for any ``Exception``."""
    node: ast.AST
    """The step that raised it."""
    text: str | None
    """What raised it, for messages: ``the iteration``; None for a call, which is named by its node."""
    none_of: frozenset[str] = frozenset()
    """Qualified classes that it is not of: a handler for them has let it pass, and another one will."""

    @property
    def key(self) -> object:
        """Equal for exceptions that the same handlers catch."""
        return (self.kind, self.classes, self.none_of)

    def passed(self, classes: Iterable[tuple[str, ...]]) -> Flight:
        """The same exception when a handler for ``classes`` has let it pass."""
        known = {name for names in classes for name in names if name[0] != "?"}
        return replace(self, none_of=self.none_of | known)


OPERATING = ("builtins.OSError", "builtins.ValueError", "builtins.EOFError")
"""What an operation on a file, socket or process realistically raises."""

_OWN_ERRORS = frozenset({"sqlite3", "dbm", "zipfile", "tarfile"})
"""Modules of the standard library whose resources raise errors of their own."""


def operating(kind: Kind) -> tuple[str, ...] | None:
    """What an operation on a handle raises: a library's own errors are unknown, and a clause for one is for them."""
    modules = {name.partition(".")[0] for name in kind.types}
    own = any(module in _OWN_ERRORS or module not in sys.stdlib_module_names for module in modules)
    return None if own else OPERATING


_SAME = {
    "builtins.IOError": "builtins.OSError",
    "builtins.EnvironmentError": "builtins.OSError",
    "socket.error": "builtins.OSError",
    "select.error": "builtins.OSError",
    "os.error": "builtins.OSError",
    "shutil.Error": "builtins.OSError",
    "socket.timeout": "builtins.TimeoutError",
    "asyncio.TimeoutError": "builtins.TimeoutError",
    "asyncio.exceptions.CancelledError": "asyncio.CancelledError",
    "concurrent.futures.CancelledError": "asyncio.CancelledError",
}
_OUTSIDE_EXCEPTION = frozenset(
    {
        "asyncio.CancelledError",
        "builtins.KeyboardInterrupt",
        "builtins.SystemExit",
        "builtins.GeneratorExit",
        "builtins.BaseExceptionGroup",
    }
)
_NARROW = frozenset(
    f"builtins.{name}"
    for name in (
        "AttributeError", "KeyError", "IndexError", "LookupError", "StopIteration", "StopAsyncIteration",
        "NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "NotImplementedError",
        "AssertionError", "TypeError", "ZeroDivisionError", "OverflowError", "FileNotFoundError",
        "FileExistsError", "IsADirectoryError", "NotADirectoryError", "BrokenPipeError", "RecursionError",
        "BlockingIOError", "InterruptedError", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError",
        "ChildProcessError", "ProcessLookupError", "MemoryError", "SyntaxError",
    )
)  # fmt: skip
"""Classes that say little about what else may go wrong: catching one is not "the author thought of failure"."""


def meet(flight: Flight, classes: Sequence[tuple[str, ...]] | None) -> Match:
    """Whether a clause that names ``classes`` (each by its candidates; None for a bare clause) catches ``flight``.

    At the default level an exception of unknown class counts as caught by a clause for a broad class such as
    ``OSError``, ``ValueError`` or a library's own error: the author has thought of failure there, and a path on
    which something else is raised convinces nobody.
    """
    if classes is None:
        return Match.YES
    verdict = Match.NO
    for candidates in classes:
        one = _meet_one(flight, candidates)
        if one is Match.YES:
            return one
        if one is Match.MAYBE:
            verdict = one
    return verdict


def _meet_one(flight: Flight, candidates: tuple[str, ...]) -> Match:
    if not flight.none_of.isdisjoint(candidates):
        return Match.NO
    names = {_SAME.get(name, name) for name in candidates}
    if "builtins.BaseException" in names:
        return Match.YES
    if flight.kind is not ExitKind.RAISE:
        return Match.YES if names & set(flight.classes or ()) else Match.NO
    if names & _OUTSIDE_EXCEPTION and not (flight.classes and names & set(flight.classes)):
        return Match.NO
    if "builtins.Exception" in names:
        outside = flight.classes and set(flight.classes) <= _OUTSIDE_EXCEPTION
        return Match.NO if outside else Match.YES
    if flight.classes is None:
        return Match.MAYBE if names and names <= _NARROW else Match.YES
    return _meet_known(flight.classes, names)


def _meet_known(raised: tuple[str, ...], caught: set[str]) -> Match:
    first = _SAME.get(raised[0], raised[0])
    answers = [_subclass(_SAME.get(name, name), caught) for name in raised]
    if all(answer is Match.YES for answer in answers):
        return Match.YES
    if answers[0] is Match.YES and len(raised) > 1:
        return Match.YES  # the realistic class of an operation is caught; the others are far-fetched
    if any(answer is not Match.NO for answer in answers):
        return Match.MAYBE
    return Match.MAYBE if any(_subclass(name, {first}) is Match.YES for name in caught) else Match.NO


def _subclass(name: str, of: set[str]) -> Match:
    if name in of:
        return Match.YES
    child = _builtin(name)
    if child is None:
        return Match.MAYBE
    verdict = Match.NO
    for other in of:
        parent = _builtin(other)
        if parent is None:
            verdict = Match.MAYBE
        elif issubclass(child, parent):
            return Match.YES
    return verdict


def _builtin(name: str) -> type[BaseException] | None:
    module, _, word = name.rpartition(".")
    found = getattr(builtins, word, None) if module == "builtins" else None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None
