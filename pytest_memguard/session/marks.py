"""How a test is watched: the run's options, those of its folder, and its own markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from _pytest.outcomes import Failed

from ..allowed import Allowance, BadAllowance, read_allowance, read_allowances
from ..options import MARKED, BadOption, Settings, overlaid
from .folders import Folders

MARKERS = ("memguard", "memguard_allow")


class Misused(Failed):
    """A marker that says something else than it can; shown without a traceback."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a test is judged by."""

    settings: Settings
    allowances: tuple[Allowance, ...] = ()
    repeats: bool = False
    """Whether it is run again when its heap grows."""


def _proves(settings: Settings, asked: bool = False) -> bool:
    return (asked or settings.level != "watch") and settings.enabled and not settings.ignores("heap growth")


class Marks:
    """Reads the terms of tests; for those without a marker of ours that takes a microsecond."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._plain: dict[int, Terms] = {}
        self._marked_parents: dict[pytest.Item | pytest.Collector, bool] = {}

    def read(self, item: pytest.Item) -> Terms:
        """The terms of a test.  Raises `Misused`, naming the test, what is wrong and the cure."""
        if not self._is_marked(item):
            settings = self._folders.of(item.path.parent)
            known = self._plain.get(id(settings))
            if known is None:
                known = self._plain[id(settings)] = Terms(settings, repeats=_proves(settings))
            return known
        values = self._values(item)
        allowances = self._allowances(item, values.pop("allow", ()))
        settings = self._laid_over(item, values)
        return Terms(settings, allowances, _proves(settings, "growth" in values or "repeats" in values))

    def measures_peaks(self, items: list[pytest.Item]) -> bool:
        """Whether one of these tests may have a limit for what its call needs at its highest."""
        return any(each.peak for each in self._folders.every()) or any(self._is_marked(item) for item in items)

    def _is_marked(self, item: pytest.Item) -> bool:
        return any(mark.name in MARKERS for mark in item.own_markers) or self._is_inside_marked(item.parent)

    def _is_inside_marked(self, parent: Any) -> bool:
        if parent is None:
            return False
        known = self._marked_parents.get(parent)
        if known is None:
            own = any(mark.name in MARKERS for mark in parent.own_markers)
            known = self._marked_parents[parent] = own or self._is_inside_marked(parent.parent)
        return known

    def _values(self, item: pytest.Item) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for marker in reversed(list(item.iter_markers("memguard"))):
            if marker.args:
                raise Misused(
                    f"{item.nodeid}: memguard takes names only, such as memguard(enabled=False)", pytrace=False
                )
            unknown = [name for name in marker.kwargs if name not in (*MARKED, "allow")]
            if unknown:
                known_names = ", ".join([*MARKED, "allow"])
                raise Misused(f"{item.nodeid}: memguard takes no {unknown[0]!r}; it takes {known_names}", pytrace=False)
            allow = (*values.get("allow", ()), *marker.kwargs.get("allow", ()))
            values.update(marker.kwargs, allow=allow)
        return values

    def _laid_over(self, item: pytest.Item, values: dict[str, Any]) -> Settings:
        try:
            settings = self._folders.of(item.path.parent)
            return overlaid(settings, values) if values else settings
        except BadOption as error:
            raise Misused(f"{item.nodeid}: {error}", pytrace=False) from None

    def _allowances(self, item: pytest.Item, entries: object) -> tuple[Allowance, ...]:
        try:
            markers = item.iter_markers("memguard_allow")
            own = tuple(read_allowance(*marker.args, **marker.kwargs) for marker in markers)
            return own + read_allowances(entries)
        except (BadAllowance, TypeError) as error:
            raise Misused(f"{item.nodeid}: {error}", pytrace=False) from None
