"""What the project's modules can name: their values, those of their classes and of instances of these."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

from ..origins import Place, place_of

DEEP = 2
"""How many objects deep an attribute may lie under a module's name."""


def values() -> Iterator[tuple[Any, str]]:
    """Each value with its dotted name; nothing of a value is called."""
    for name, module in sys.modules.copy().items():
        file = getattr(module, "__file__", None) if type(module) is types.ModuleType else None
        if isinstance(file, str) and place_of(file) is Place.PROJECT:
            yield from _inside(vars(module), name, DEEP)


def _inside(names: dict[str, Any], where: str, deep: int) -> Iterator[tuple[Any, str]]:
    for name, value in names.copy().items():
        yield value, f"{where}.{name}"
        kind = type(value)
        if deep > 1 and _is_projects(value if kind is type else kind):
            try:
                inside = vars(value) if kind is type else object.__getattribute__(value, "__dict__")
            except AttributeError:
                continue  # it has slots
            yield from _inside(dict(inside), f"{where}.{name}", deep - 1)


def _is_projects(kind: Any) -> bool:
    module = getattr(sys.modules.get(kind.__dict__.get("__module__", "")), "__file__", None)
    return isinstance(module, str) and place_of(module) is Place.PROJECT
