"""One module a format: how findings are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from memlint.reports.as_json import print_json
from memlint.reports.concise import print_concise
from memlint.reports.model import Failure, Report, SkippedFunction, shown
from memlint.reports.statistics import print_statistics
from memlint.reports.style import Style
from memlint.reports.text import print_text

Printer = Callable[[Report, Style], Iterator[str]]
"""Yields the lines of a format, without their ends."""

FORMATS: Mapping[str, Printer] = {
    "text": print_text,
    "concise": print_concise,
    "json": print_json,
}

__all__ = [
    "FORMATS",
    "Failure",
    "Printer",
    "Report",
    "SkippedFunction",
    "Style",
    "print_statistics",
    "shown",
]
