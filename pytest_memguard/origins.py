"""Who acquired something, where and for whom: recorded as raw positions, read as lines when a report needs them."""

from __future__ import annotations

import os
import re
import site
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from types import FrameType
from typing import Any, Literal

from .frames import Frame, Origin, Positions

DEPTH = 24
"""How many frames are kept: `urlopen` puts eight of its own between a socket and the caller."""


class Place(Enum):
    """Whose code a file is."""

    PROJECT = "the project"
    LIBRARY = "an installed library"
    STDLIB = "the standard library"
    HARNESS = "the test harness"


_PROJECT, _HARNESS = Place.PROJECT, Place.HARNESS  # on CPython 3.11 a member costs 60 ns to find, for each frame


@lru_cache(maxsize=4096)
def place_of(file: str) -> Place:
    """Tell whose code a file is, by its path alone.

    A name that is no path (`<stdin>`, a notebook's cell, a doctest) is the project's; `<frozen ...>` is
    Python's own.
    """
    if file.startswith("<"):
        return Place.STDLIB if file.startswith(("<frozen", "<string>", "<__array")) else Place.PROJECT
    path = os.path.abspath(file)
    if path.startswith(_OURS):
        return Place.HARNESS
    installed = any(path.startswith(folder) for folder in _INSTALLED) or _looks_installed(path)
    if installed:
        inside = path.replace(os.sep, "/").rpartition("-packages/")[2]
        return Place.HARNESS if inside.startswith(_HARNESSES) else Place.LIBRARY
    if any(path.startswith(folder) for folder in _STDLIB):
        return Place.STDLIB
    return Place.PROJECT


def _looks_installed(path: str) -> bool:
    return f"{os.sep}site-packages{os.sep}" in path or f"{os.sep}dist-packages{os.sep}" in path


def _folders(*paths: str | None) -> tuple[str, ...]:
    real = {os.path.abspath(path) + os.sep for path in paths if path}
    return tuple(sorted(real | {os.path.realpath(path) + os.sep for path in real}))


BEGINNING = os.getcwd()
"""The working directory when the guard was loaded: a test may leave the process in another."""


def relative(file: str) -> str:
    """A path as seen from there, the same whatever the tests do."""
    return os.path.relpath(os.path.join(BEGINNING, file), BEGINNING)


def shown(file: str) -> str:
    """A path as a person reads it: the standard library's from its own folder on."""
    folder = next((each for each in _STDLIB if file.startswith(each)), "")
    return file[len(folder) :] if folder else relative(file)


_HARNESSES = (
    "_pytest/",
    "pytest/",
    "pluggy/",
    "pytest_asyncio/",
    "anyio/pytest_plugin",
    "pytest_trio/",
    "xdist/",
    "execnet/",
    "hypothesis/",
    "pytest_cov/",
    "coverage/",
    "pytest_rerunfailures",
    "pytest_timeout",
    "pytest_randomly",
    "pytest_forked",
)
"""What runs tests or watches them, as folders of an installation: what they hold is not the test's."""
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_STDLIB = _folders(sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), os.path.dirname(os.__file__))
_INSTALLED = _folders(sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), site.getusersitepackages())


def positions(frame: FrameType | None, depth: int = DEPTH) -> Positions:
    """Take raw positions from a frame outwards, without this package's own at the inner end.

    Behind the project's frames the harness's are not taken: no report tells of them, and with an audit hook each
    code object that is asked for costs 0.2 µs.
    """
    taken: list[Any] = []
    asked = False
    while frame is not None and depth:
        code = frame.f_code
        place = place_of(code.co_filename)
        if place is _PROJECT:
            asked = True
            ours = False
        else:
            ours = place is _HARNESS and code.co_filename.startswith(_OURS)
            if asked and place is _HARNESS and not ours:
                break
        if taken or not ours:
            taken += (code, frame.f_lasti)
            depth -= 1
        frame = frame.f_back
    return tuple(taken)


@dataclass(eq=False, slots=True)
class Owner:
    """For whom something is acquired: a test, a fixture of a wider scope, a watched block, or an import."""

    name: str
    """As a report says it: a test's id, a fixture's name."""
    role: Literal["test", "fixture", "block", "nobody"]
    scope: str = "function"
    """The fixture's scope, or "function"."""
    place: str = ""
    """Where a fixture is defined, `file:line`."""
    ended: bool = False
    """Whether its own tear-down is over: what it still has then is left behind."""
    roots: Callable[[], Iterable[Any]] = tuple
    """What it keeps things alive by: a fixture's value, and the locals of its suspended function."""
    functions: Callable[[], Iterable[object]] = tuple
    """Where its code begins: a test's function, those of its fixtures."""

    def __str__(self) -> str:
        return self.name if self.role != "fixture" else f"{self.scope} fixture {self.name!r}"


NOBODY = Owner("nobody", "nobody", scope="session")
"""The owner of what exists outside every test: imports, collection, the harness."""


def fixture_name(argname: str) -> str:
    """What a fixture is called; pytest makes some of its own of `setUpClass` and the like.

    >>> fixture_name("_unittest_setUpClass_fixture_TestIt")
    'setUpClass of TestIt'
    """
    found = re.fullmatch(r"_(?:unittest|xunit)_(\w+?)_fixture_(.+)", argname)
    return f"{found[1]} of {found[2]}" if found else argname


def defined_at(function: Any) -> str:
    """Where a function is defined, `file:line`; "" for what has no lines, and for what the test harness makes."""
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    if code is None or place_of(code.co_filename) is Place.HARNESS:
        return ""
    return f"{relative(code.co_filename)}:{code.co_firstlineno}"


@dataclass(eq=False, slots=True)
class Acquisition:
    """One thing that was acquired: of which kind, where and for whom."""

    kind: str
    """In the words of a report: "socket", "sqlite connection"."""
    what: str
    """Which one: a path, an address, a name.  Empty when only the thing itself can tell."""
    origin: Origin
    owner: Owner
    thread: int = 0
    """The thread that acquired it."""
    fixture: Any = None
    """The definition of the fixture of the test's own scope in whose set-up that was, or None."""
    dropped: bool = False
    """Whether it has been noted as dropped."""
    reported: bool = False
    """Whether a finding has been made of it: what ends later is not said again."""

    def set_up_by(self) -> str:
        """The fixture of the test's own scope that acquired it, `server (tests/conftest.py:12)`; "" for the test."""
        if self.fixture is None:
            return ""
        place = defined_at(self.fixture.func)
        name = fixture_name(self.fixture.argname)
        return f"{name} ({place})" if place else name

    def frames(self) -> tuple[Frame, ...]:
        """Where it was acquired, innermost first, without this package's own frames in between."""
        return tuple(frame for frame in self.origin.frames() if not frame.file.startswith(_OURS))

    def lines(self) -> tuple[Frame, ...]:
        """The frames that a person reads: from the one that is not the standard library's outwards to the test."""
        frames = self.frames()
        start = next((at for at, frame in enumerate(frames) if place_of(frame.file) is not Place.STDLIB), None)
        if start is None:
            return frames[:1]
        end = next((at for at in range(start, len(frames)) if place_of(frames[at].file) is Place.HARNESS), len(frames))
        return tuple(frame for frame in frames[start:end] if place_of(frame.file) is not Place.STDLIB)

    def acquirer(self) -> Place:
        """Whose code asked for it: the innermost frame that is not the standard library's."""
        for frame in self.frames():
            place = place_of(frame.file)
            if place is not Place.STDLIB:
                return place
        return Place.STDLIB

    def project_line(self) -> Frame | None:
        """The innermost line of the project."""
        return next((frame for frame in self.frames() if place_of(frame.file) is Place.PROJECT), None)

    def during_import(self) -> bool:
        """Whether a module was being imported: then it is the module's, for as long as the process lives."""
        for code in self.origin.positions[::2]:
            file = code.co_filename
            if file.startswith("<frozen importlib"):
                return True
            if place_of(file) is Place.HARNESS and not file.startswith(_OURS):
                return False
        return False
