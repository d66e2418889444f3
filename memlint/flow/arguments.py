"""The values of one call's arguments, found by position or by keyword."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from memlint.cfg.instructions import Call, Slot
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
    def of(call: Call, slots: Mapping[Slot, Value]) -> Arguments:
        """The arguments of a call, read from their slots."""
        positional: list[tuple[Value, bool]] = []
        keywords: list[tuple[str | None, Value]] = []
        telling = False
        for slot, starred in call.arguments:
            value = slots.get(slot, UNKNOWN)
            positional.append((value, starred))
            telling = telling or value.__class__ in _TELLING
        for name, slot in call.keywords:
            value = slots.get(slot, UNKNOWN)
            keywords.append((name, value))
            telling = telling or value.__class__ in _TELLING
        return Arguments(positional, keywords, telling)

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
