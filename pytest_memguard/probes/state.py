"""What the probes of process state share: how a part of it was when the guard started, and what deviates now.

The comparison is always with that beginning, never with the last look: a module's fixture may change a
variable that a test changes again, and each is judged by what it leaves when its own turn ends.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable
from types import FrameType
from typing import Any

from ..frames import Origin
from ..origins import Acquisition, Owner, positions
from ..statements import Clue
from .patches import Stand, Stands
from .probe import Book, Census, Key, Sight

MOST = 512
"""How many names are remembered before those that do not deviate are dropped."""


class State:
    """One part of the process's state; a kind of its own says what deviates."""

    name: str
    is_one = False
    """Whether there is one of it, whatever it is set to: a process has one umask."""

    def __init__(self) -> None:
        self._book: Book | None = None
        self._writers: dict[Hashable, tuple[tuple[Key, Acquisition], ...]] = {}
        """For each name the line that made it deviate at the last look, and the last line since."""
        self._keys: Census = frozenset()
        """What deviated at the last look."""

    def start(self, book: Book, stands: Stands) -> None:
        """Remember how it is, and hook what changes it."""
        self._book = book
        self.begin(stands)

    def begin(self, stands: Stands) -> None:
        """Remember how it is now; hook what tells of changes."""
        raise NotImplementedError

    def stop(self) -> None:
        """Put everything back."""
        self._writers.clear()
        self._keys = frozenset()

    def take(self) -> Census:
        """What deviates now."""
        raise NotImplementedError

    def words(self, key: Key) -> str:
        """Which one it is and how it deviates."""
        raise NotImplementedError

    def describe(self, key: Key) -> Sight | None:
        """Tell what deviates, and by whose line."""
        writer = next((writer for known, writer in self._writers.get(key[1], ()) if known == key), None)
        return Sight(self.name, self.words(key), writer, clue=self.clue(key))

    def clue(self, key: Key) -> Clue | None:  # noqa: ARG002 - others use it
        """What the line has done, where nothing tells which one it was."""
        return None

    def undo(self, key: Key, found: Key | None) -> Callable[[], object] | None:  # noqa: ARG002 - others use them
        """What makes it as it was at a turn's begin, by what was seen then; None: as when the guard started.

        None where it cannot be put back.
        """
        return None

    def is_same(self, one: Key, other: Key) -> bool:
        """Whether two keys are about the same part of this state, whatever its values are."""
        return one[0] == other[0] and (self.is_one or one[1] == other[1])

    def forget(self, _: Owner) -> None:
        """Keep only the lines that explain what still deviates."""
        if self._writers:
            names = {key[1] for key in self._keys}
            self._writers = {name: writers for name, writers in self._writers.copy().items() if name in names}

    def wrote(self, frame: FrameType | None, name: Hashable, *value: Hashable) -> None:
        """Note whose line makes a name deviate; writing the same again, as restoring does, leaves the first.

        The ledger does not count it: most changes are taken back, and then a turn was as quiet as any.
        """
        if self._book is None:
            return
        key, known = (self.name, name, *value), self._writers.get(name, ())
        if known:  # what was put back meanwhile explains nothing any more
            known = tuple(writer for writer in known if writer[0] in self._keys or not writer[1].owner.ended)
        if known and any(key == each for each, _ in known):
            return
        if len(self._writers) > MOST:
            self.forget(self._book.current())
        kept = tuple(writer for writer in known if writer[0] in self._keys) if known else ()
        self._writers[name] = (*kept[:1], (key, self.acquired(frame)))

    def acquired(self, frame: FrameType | None) -> Acquisition:
        """A note of who works at a line."""
        assert self._book is not None
        return Acquisition(self.name, "", Origin(positions(frame)), self._book.current(), fixture=self._book.fixture())


class Told(Stand):
    """A function that tells a listener of each call: its result, then its arguments."""

    def __init__(self, real: Callable[..., Any], listener: Callable[..., object]) -> None:
        super().__init__(real)
        self._listener = listener

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Do it, and tell."""
        result = self.real(*arguments, **named)
        self._listener(result, *arguments, **named)
        return result


def function_name(thing: object) -> str:
    """What a function or a class is called; of anything else only the type is looked at."""
    function = thing.__func__ if isinstance(thing, types.MethodType) else thing
    if isinstance(function, types.FunctionType | types.BuiltinFunctionType | type):
        return function.__qualname__
    return type(thing).__name__
