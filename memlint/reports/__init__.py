"""One module a format: how findings are printed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping

from memlint.reports.model import Failure, Report, SkippedFunction, shown
from memlint.reports.style import Style

Printer = Callable[[Report, Style], Iterator[str]]
"""Yields the lines of a format, without their ends."""

_MODULES = {
    "text": "text",
    "concise": "concise",
    "json": "as_json",
    "json-lines": "as_json_lines",
    "sarif": "sarif",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
}
"""The module of each format, which holds ``print_`` and the format's name."""


class _Formats(Mapping[str, Printer]):
    """The formats by name; a format's module is loaded when it is asked for, since a run prints one of them."""

    def __getitem__(self, form: str) -> Printer:
        module = importlib.import_module(f"memlint.reports.{_MODULES[form]}")
        found: Printer = getattr(module, f"print_{form.replace('-', '_')}")
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


FORMATS: Mapping[str, Printer] = _Formats()

__all__ = [
    "FORMATS",
    "Failure",
    "Printer",
    "Report",
    "SkippedFunction",
    "Style",
    "shown",
]
