"""One module a format: how findings are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from memlint.reports.as_json import print_json
from memlint.reports.as_json_lines import print_json_lines
from memlint.reports.concise import print_concise
from memlint.reports.github import print_github
from memlint.reports.gitlab import print_gitlab
from memlint.reports.junit import print_junit
from memlint.reports.model import Failure, Report, SkippedFunction, shown
from memlint.reports.sarif import print_sarif
from memlint.reports.statistics import print_statistics
from memlint.reports.style import Style
from memlint.reports.text import print_text

Printer = Callable[[Report, Style], Iterator[str]]
"""Yields the lines of a format, without their ends."""

FORMATS: Mapping[str, Printer] = {
    "text": print_text,
    "concise": print_concise,
    "json": print_json,
    "json-lines": print_json_lines,
    "sarif": print_sarif,
    "github": print_github,
    "gitlab": print_gitlab,
    "junit": print_junit,
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
