"""What the project's modules can name: their values, those of their classes and of instances of these."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..origins import Place, place_of

DEEP = 2
"""How many objects deep an attribute may lie under a module's name."""


def values(wanted: Callable[[type], bool]) -> Iterator[tuple[Any, str]]:
    """Each value of a type that is wanted, with its dotted name; nothing of a value is called.

    A large project names ten thousand values of a few hundred types, and most classes in several modules: each type
    is asked about once a look, and looked into where it is met first.
    """
    look = _Look(wanted)
    for name, module in sys.modules.copy().items():
        file = getattr(module, "__file__", None) if type(module) is types.ModuleType else None
        if isinstance(file, str) and place_of(file) is Place.PROJECT:
            yield from look.inside(vars(module), name, DEEP)


class _Look:
    """One look through the modules, and what it knows already.

    By `object.__hash__`, which is the identity: types may have a hash of their own, and `id` costs an audit event.
    """

    def __init__(self, wanted: Callable[[type], bool]) -> None:
        self._wanted = wanted
        self._types: dict[int, tuple[type, bool, bool]] = {}
        """Each type, whether it is wanted and whether it is the project's."""
        self._entered: dict[int, Any] = {}

    def inside(self, names: Mapping[str, Any], where: str, deep: int) -> Iterator[tuple[Any, str]]:
        """What these names name, and in turn what is inside that."""
        known = self._types
        for name, value in dict(names).items():
            kind = type(value)
            about = known.get(_identity(kind)) or self._ask(kind)
            if about[1]:
                yield value, f"{where}.{name}"
            if deep > 1 and (about[2] if kind is not type else (known.get(_identity(value)) or self._ask(value))[2]):
                yield from self._enter(value, f"{where}.{name}", deep - 1)

    def _ask(self, kind: type) -> tuple[type, bool, bool]:
        about = self._types[_identity(kind)] = kind, self._wanted(kind), _is_projects(kind)
        return about

    def _enter(self, value: Any, where: str, deep: int) -> Iterator[tuple[Any, str]]:
        if _identity(value) in self._entered:
            return
        self._entered[_identity(value)] = value
        try:
            inside = vars(value) if type(value) is type else object.__getattribute__(value, "__dict__")
        except AttributeError:
            return  # it has slots
        yield from self.inside(inside, where, deep)


_identity = object.__hash__


def _is_projects(kind: Any) -> bool:
    module = getattr(sys.modules.get(kind.__dict__.get("__module__", "")), "__file__", None)
    return isinstance(module, str) and place_of(module) is Place.PROJECT
