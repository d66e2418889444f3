"""``memlint check``: settings, files, engine, report, exit code."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from memlint.cli.arguments import BadUse
from memlint.cli.console import ExitCode, say, write
from memlint.engine import Checker, FileResult, Sought, find_files, run
from memlint.engine.files import STDIN
from memlint.engine.silencing import silence
from memlint.reports import FORMATS, Failure, Report, print_statistics
from memlint.rules import Rule
from memlint.settings import Selection, Settings, find_configuration, globs, read_configuration, with_options
from memlint.settings.options import OPTIONS, Place


def check(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Check the paths of the command line and print what was found."""
    started = time.perf_counter()
    paths: list[str] = arguments.paths or ["."]
    settings = settings_for(arguments, paths, rules)
    for selector in Selection(settings, rules).only_previews():
        say(f"`{selector}` selects only previews; add --preview to run them")
    checker = Checker(settings, rules)
    sought = find_files((path for path in paths if path != STDIN), settings)
    for folder in sought.barren:
        say(f"no Python files in {folder}")
    extra = _standard_input(checker, arguments.stdin_filename) if STDIN in paths else []
    slowest: list[FileResult] = []
    report = run(checker, sought.files, jobs=settings.jobs, failures=sought.failures, extra=extra, seen=slowest.append)
    if arguments.add_noqa is not None:
        report = _silenced(checker, report, arguments.add_noqa)
    printer = print_statistics if arguments.statistics else FORMATS[settings.output_format]
    write(report, printer, arguments.output_file)
    _tell_failures(report.failures, arguments.debug)
    if arguments.verbose:
        _tell_more(report, checker, sought, slowest, time.perf_counter() - started)
    if report.failures:
        return ExitCode.BAD_USE
    return ExitCode.FINDINGS if report.findings and not arguments.exit_zero else ExitCode.CLEAN


def _silenced(checker: Checker, report: Report, reason: str) -> Report:
    """Write the comments that ``--add-noqa`` asks for; what is left of the report is still printed."""
    if not reason.strip() or not reason.isprintable():
        raise BadUse("--add-noqa needs a reason, on one line")
    silenced = silence(checker, (f for f in report.findings if os.path.isfile(f.path)), reason.strip())
    say(f"silenced {silenced.findings} findings in {silenced.files} files")
    left = tuple(f for f in report.findings if f in silenced.left or not os.path.isfile(f.path))
    return replace(
        report,
        findings=left,
        failures=(*report.failures, *silenced.failures),
        suppressed=report.suppressed + silenced.findings,
    )


def settings_for(arguments: argparse.Namespace, paths: Iterable[str], rules: Sequence[Rule]) -> Settings:
    """The settings of a run: the configuration file's, with those of the command line in their place."""
    codes = [rule.code for rule in rules]
    named = [path for path in paths if path != STDIN] or [arguments.stdin_filename or "."]
    settings = configured(arguments, named, codes)
    given = {
        option.key: getattr(arguments, option.name)
        for option in OPTIONS
        if option.place is Place.BOTH and getattr(arguments, option.name) is not None
    }
    chosen = with_options(settings, given, codes, "command line")
    return replace(
        chosen,
        extend_select=_added(settings.extend_select, given.get("extend-select")),
        extend_ignore=_added(settings.extend_ignore, given.get("extend-ignore")),
        extend_exclude=_added(settings.extend_exclude, given.get("extend-exclude")),
    )


def configured(arguments: argparse.Namespace, paths: Iterable[str], codes: Sequence[str]) -> Settings:
    """The settings of the configuration file that ``--config``, ``--isolated`` and ``paths`` lead to."""
    if arguments.isolated:
        return Settings()
    found = Path(arguments.config) if arguments.config is not None else find_configuration(paths)
    return Settings() if found is None else read_configuration(found, codes)


def _added(before: tuple[str, ...], more: Sequence[str] | None) -> tuple[str, ...]:
    return (*before, *(more or ()))


def _standard_input(checker: Checker, name: str | None) -> list[FileResult]:
    """The result for the program on standard input, unless its name is excluded by force."""
    settings = checker.settings
    if name is not None and settings.force_exclude:
        patterns = settings.exclude + settings.extend_exclude
        if any(globs.names(pattern, name, settings.root) for pattern in patterns):
            return []
    return [checker.check_bytes(sys.stdin.buffer.read(), name or STDIN)]


def _tell_failures(failures: Iterable[Failure], debug: bool) -> None:
    for failure in failures:
        cure = " (--debug shows where)" if failure.internal and not debug else ""
        say(f"{failure.path}: {failure.reason}{cure}")
        if debug and failure.trace:
            print(failure.trace, file=sys.stderr, end="")


def _tell_more(report: Report, checker: Checker, sought: Sought, results: Sequence[FileResult], seconds: float) -> None:
    say(f"settings: {checker.settings.origin or 'defaults'}")
    say(f"rules: {' '.join(rule.code for rule in checker.rules) or 'none'}")
    for item in report.skipped:
        function = item.function
        say(f"{item.path}:{function.line}: `{function.symbol}` was not judged: {function.reason}")
    for result in sorted(results, key=lambda result: -result.seconds)[:3]:
        say(f"{result.path} took {result.seconds:.2f} s")
    say(f"{len(sought.files)} files in {seconds:.2f} s")
