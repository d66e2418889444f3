"""Where words go: findings to standard output or a file, everything else to standard error."""

from __future__ import annotations

import argparse
import enum
import sys
from collections.abc import Iterable, Iterator

from memlint.reports import FORMATS, Failure, Printer, Report, Style, shown
from memlint.settings import Settings, SettingsError
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


class ExitCode(enum.IntEnum):
    """What the command tells its caller."""

    CLEAN = 0
    FINDINGS = 1
    BAD_USE = 2
    """Bad use, something unreadable, or a fault of memlint's own."""


def say(words: str) -> None:
    """Print one line about the run itself."""
    print(f"memlint: {shown(' '.join(words.split()))}", file=sys.stderr)


def write(report: Report, printer: Printer, file: str | None, stream: TextIO | None = None) -> None:
    """Print a report to ``file``, or to ``stream`` (by default standard output).

    Raises:
        SettingsError: the file cannot be written.
    """
    if file is None:
        stream = stream or sys.stdout
        for line in printer(report, Style.of(stream)):
            stream.write(line + "\n")
        return
    try:
        with open(file, "w", encoding="utf-8", errors="backslashreplace") as output:
            output.writelines(_ended(printer(report, Style.of(output))))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written: {error.strerror or error}") from error


def _ended(lines: Iterator[str]) -> Iterator[str]:
    return (line + "\n" for line in lines)


def printer_of(arguments: argparse.Namespace, settings: Settings) -> Printer:
    """What prints the report: the format that was asked for, or the count of each rule."""
    if arguments.statistics:
        from memlint.reports.statistics import print_statistics  # late: few runs count

        return print_statistics
    return FORMATS[settings.output_format]


def tell_failures(failures: Iterable[Failure], debug: bool) -> None:
    """Say what could not be looked at, or what went wrong inside memlint."""
    for failure in failures:
        cure = " (--debug shows where)" if failure.internal and not debug else ""
        say(f"{failure.path}: {failure.reason}{cure}")
        if debug and failure.trace:
            print(failure.trace, file=sys.stderr, end="")
