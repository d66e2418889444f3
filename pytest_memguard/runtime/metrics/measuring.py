"""Reading the numbers of all utilities at one moment: nothing is counted for the exporters' sake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..health import Utility, health_of, watched
from .families import FAMILIES, HEALTH, Family, Merge


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose number it is: the labels of a metric."""

    name: str
    type: str
    """The class: "Cache" or "AsyncCache"."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A family and its numbers now."""

    family: Family
    values: tuple[tuple[Subject, float], ...]


def measure(utilities: Iterable[Utility] | None = None, only: Family | None = None) -> tuple[Measured, ...]:
    """Read the numbers of these utilities, or of all that are alive; all numbers, or `only` one.

    Utilities of one type and name are one subject: counters and sizes add up, levels take the highest.

    >>> from pytest_memguard.runtime import Cache
    >>> cache = Cache(max_items=10, name="users")
    >>> cache.put("ada", 1)
    >>> [measured.values for measured in measure([cache]) if measured.family.field == "items"]
    [((Subject(name='users', type='Cache'), 1),)]
    """
    table: dict[Family, dict[Subject, float]] = {}
    for utility in watched() if utilities is None else utilities:
        subject = Subject(utility.name, type(utility).__name__)
        statistics = utility.statistics()
        for family in FAMILIES.get(type(statistics).__name__, ()):
            if only is None or family is only:
                _enter(table, family, subject, family.read(statistics))
        if only is None or only is HEALTH:
            _enter(table, HEALTH, subject, int(health_of(utility).status))
    return tuple(Measured(family, tuple(values.items())) for family, values in table.items())


def _enter(table: dict[Family, dict[Subject, float]], family: Family, subject: Subject, value: float) -> None:
    values = table.setdefault(family, {})
    if subject not in values:
        values[subject] = value
    elif family.merge is Merge.SUM:
        values[subject] += value
    else:
        values[subject] = max(values[subject], value)
