"""The values of one call's arguments, found by position or by keyword."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from memlint.flow.state import REACHING
from memlint.flow.values import UNKNOWN, Taken, Value

_TELLING = REACHING | {Taken}


@dataclass(slots=True)
class Arguments:
    """The values of one call's arguments."""

    positional: list[tuple[Value, bool]]
    """Each with True when it is starred."""
    keywords: list[tuple[str | None, Value]]
    telling: bool
    """Whether a resource can be reached by one of them, or the answer of an acquisition is one."""

    @staticmethod
    def of(positional: list[tuple[Value, bool]], keywords: list[tuple[str | None, Value]]) -> Arguments:
        """These arguments."""
        telling = any(value.__class__ in _TELLING for value, _ in positional)
        return Arguments(positional, keywords, telling or any(value.__class__ in _TELLING for _, value in keywords))

    def every(self) -> Iterator[tuple[Value, int | None, str | None]]:
        """Each value with its position or keyword; starred ones have neither."""
        for index, (value, starred) in enumerate(self.positional):
            yield value, None if starred else index, None
        for name, value in self.keywords:
            yield value, None, name

    def find(self, argument: int | str | None, position: int | None = None) -> Value | None:
        """The value of one argument, by keyword or by position; None when it is not given."""
        if isinstance(argument, str):
            for name, value in self.keywords:
                if name == argument:
                    return value
            argument = position
        if argument is not None and argument < len(self.positional):
            if any(starred for _, starred in self.positional[: argument + 1]):
                return UNKNOWN
            return self.positional[argument][0]
        return None

    def select(self, wanted: tuple[int | str, ...]) -> list[Value]:
        """The values of several arguments; ``"*"`` selects every one."""
        if "*" in wanted:
            return [value for value, _, _ in self.every()]
        found = [self.find(each) for each in wanted]
        return [value for value in found if value is not None]
