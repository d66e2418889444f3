"""``memlint check``: settings, files, engine, report, exit code."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence

from memlint.cli.arguments import BadUse
from memlint.cli.configuration import settings_for
from memlint.cli.console import ExitCode, say, write
from memlint.cli.narrowing import against_baseline, silenced
from memlint.cli.progress import Progress
from memlint.cli.watch import watch
from memlint.engine import Checker, FileResult, Sought, find_files, run
from memlint.engine.changes import changes_since
from memlint.engine.files import STDIN
from memlint.reports import FORMATS, Failure, Printer, Report
from memlint.rules import Rule
from memlint.settings import Selection, Settings, globs


def check(arguments: argparse.Namespace, rules: Sequence[Rule] | None) -> ExitCode:
    """Check the paths of the command line and print what was found; with ``--watch`` again and again."""
    from memlint.rules import RULES

    rules = RULES if rules is None else rules
    if not arguments.watch:
        return check_once(arguments, rules)
    if STDIN in arguments.paths:
        raise BadUse("--watch cannot watch standard input")
    return watch(arguments, rules, lambda: check_once(arguments, rules))


def check_once(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Check the paths of the command line and print what was found."""
    started = time.perf_counter()
    paths: list[str] = arguments.paths or ["."]
    settings = settings_for(arguments, paths, rules)
    for selector in Selection(settings, rules).only_previews():
        say(f"`{selector}` selects only previews; add --preview to run them")
    checker = Checker(settings, rules)
    if arguments.update_baseline and arguments.since is not None:
        raise BadUse("--update-baseline needs a whole run: leave --since out")
    changes = None if arguments.since is None else changes_since(arguments.since)
    sought = _sought(paths, checker)
    extra = _standard_input(checker, arguments.stdin_filename) if STDIN in paths else []
    results: list[FileResult] = []
    progress = Progress(len(sought.files), sys.stderr)

    def seen(result: FileResult) -> None:
        results.append(result)
        progress.step()

    try:
        report = run(checker, sought.files, jobs=settings.jobs, failures=sought.failures, extra=extra, seen=seen)
    finally:
        progress.end()
    if changes is not None:
        report = changes.only(report)
    if settings.baseline is not None or arguments.update_baseline:
        report = against_baseline(report, settings.baseline, sought.files, arguments.update_baseline)
    if arguments.add_noqa is not None:
        report = silenced(checker, report, arguments.add_noqa)
    write(report, _printer(arguments, settings), arguments.output_file)
    _tell_failures(report.failures, arguments.debug)
    if arguments.verbose:
        _tell_more(report, checker, sought, results, time.perf_counter() - started)
    if report.failures:
        return ExitCode.BAD_USE
    return ExitCode.FINDINGS if report.findings and not arguments.exit_zero else ExitCode.CLEAN


def _printer(arguments: argparse.Namespace, settings: Settings) -> Printer:
    if arguments.statistics:
        from memlint.reports.statistics import print_statistics

        return print_statistics
    return FORMATS[settings.output_format]


def _sought(paths: Iterable[str], checker: Checker) -> Sought:
    sought = find_files((path for path in paths if path != STDIN), checker.settings)
    for folder in sought.barren:
        say(f"no Python files in {folder}")
    return sought


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
