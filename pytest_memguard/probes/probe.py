"""What a probe is: it says what of its kind is alive now; the difference of two answers is growth."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ..origins import Acquisition, Owner
from ..statements import Clue
from .patches import Stands

Key: TypeAlias = tuple[Hashable, ...]
"""One live thing; the first member names the probe that saw it."""
Census: TypeAlias = frozenset[Key]
"""What is alive now.  A census minus a census is growth."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a probe can say about one live thing, asked only when it is reported."""

    kind: str
    what: str
    """Which one: an address, a path, a name, a state."""
    acquired: Acquisition | None
    """Who acquired it, when that is known."""
    object: Any = None
    """The thing itself, for the search of its holder; None for what is only a number."""
    subject: bool = True
    """False for what stands on another thing and goes with it: a pool's thread, a database's descriptor."""
    clue: Clue | None = None
    """What the line has done that nothing tells of."""


class Book(Protocol):
    """Where probes write down what is acquired, and what was dropped instead of closed."""

    @property
    def entered(self) -> int:
        """How many acquisitions were noted so far."""

    def enter(self, kind: str, what: str, frame: FrameType | None) -> Acquisition:
        """Note that something is acquired now, at `frame`, for whoever is current."""

    def drop(self, acquired: Acquisition, what: str = "", how: str = "") -> None:
        """Note that the thing was closed by the garbage collector (or `how`), and by nobody else."""

    def current(self) -> Owner:
        """For whom the calling thread works."""

    def fixture(self) -> Any:
        """The fixture of a test's own scope that the calling thread sets up, or None."""


def room(probe: Probe) -> str:
    """The module that a probe is in, by which the table of kinds names it."""
    return type(probe).__module__.rpartition(".")[2]


@runtime_checkable
class Restores(Protocol):
    """What a probe of process state can do besides."""

    def is_same(self, one: Key, other: Key) -> bool:
        """Whether two keys are about the same part of this state, whatever its values are."""

    def undo(self, key: Key, found: Key | None) -> Callable[[], object] | None:
        """What makes it as it was at a turn's begin, by what was seen then; None: as when the guard started."""


class Probe(Protocol):
    """One kind of thing that can be left behind."""

    name: str

    def start(self, book: Book, stands: Stands) -> None:
        """Hook and patch what tells about acquisitions; builtin functions are replaced through `stands`."""

    def stop(self) -> None:
        """Put everything back."""

    def take(self) -> Census:
        """Say what is alive now."""

    def describe(self, key: Key) -> Sight | None:
        """Tell about one thing of a census; None when it is gone meanwhile."""

    def forget(self, ended: Owner) -> None:
        """Drop the records of an owner that has been judged."""
