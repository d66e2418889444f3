"""What the probes of process state share: how a part of it was when the guard started, and what deviates now.

The comparison is always with that beginning, never with the last look: a module's fixture may change a
variable that a test changes again, and each is judged by what it leaves when its own turn ends.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable
from types import FrameType
from typing import Any

from ..origins import Acquisition, Owner
from .patches import Stand, Stands
from .probe import Book, Census, Key, Sight


class State:
    """One part of the process's state; a kind of its own says what deviates."""

    name: str

    def __init__(self) -> None:
        self._book: Book | None = None
        self._writers: dict[Key, Acquisition] = {}
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
        return Sight(self.name, self.words(key), self._writers.get(key))

    def forget(self, _: Owner) -> None:
        """Keep only the lines that explain what still deviates."""
        if self._writers:
            self._writers = {key: writer for key, writer in self._writers.items() if key in self._keys}

    def wrote(self, frame: FrameType | None, *rest: Hashable) -> None:
        """Note whose line makes it deviate; writing the same again, as restoring does, leaves the first."""
        key = (self.name, *rest)
        if self._book is not None and key not in self._writers:
            self._writers[key] = self._book.enter(self.name, "", frame)


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
    """What a function is called; of anything else only the type is looked at."""
    function = thing.__func__ if isinstance(thing, types.MethodType) else thing
    if isinstance(function, types.FunctionType | types.BuiltinFunctionType):
        return function.__qualname__
    return type(thing).__name__
