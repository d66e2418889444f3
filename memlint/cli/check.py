"""``memlint check``: settings, files, engine, report, exit code."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from memlint.cli.arguments import BadUse
from memlint.cli.configuration import settings_for
from memlint.cli.console import ExitCode, say, write
from memlint.cli.narrowing import against_baseline, silenced
from memlint.cli.progress import Progress
from memlint.cli.standard_input import read_program
from memlint.cli.watch import watch
from memlint.engine import Checker, FileResult, Sought, find_files, run
from memlint.engine.changes import Changes, changes_since
from memlint.engine.files import STDIN
from memlint.reports import FORMATS, Failure, Printer, Report
from memlint.rules import Rule
from memlint.settings import Selection, Settings

if TYPE_CHECKING:
    from memlint.cli.fixing import Fixing


def check(arguments: argparse.Namespace, rules: Sequence[Rule] | None) -> ExitCode:
    """Check the paths of the command line and print what was found; with ``--watch`` again and again."""
    from memlint.rules import RULES

    rules = RULES if rules is None else rules
    if not arguments.watch:
        return check_once(arguments, rules)
    if STDIN in arguments.paths:
        raise BadUse("--watch cannot watch standard input")
    if arguments.fix or arguments.fix_only or arguments.diff:
        raise BadUse("--watch only looks: leave --fix, --fix-only and --diff out")
    arguments.fix = False
    return watch(arguments, rules, lambda: check_once(arguments, rules))


def check_once(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Check the paths of the command line and print what was found."""
    started = time.perf_counter()
    paths: list[str] = arguments.paths or ["."]
    settings = settings_for(arguments, paths, rules)
    for selector in Selection(settings, rules).only_previews():
        say(f"`{selector}` selects only previews; add --preview to run them")
    if arguments.update_baseline and arguments.since is not None:
        raise BadUse("--update-baseline needs a whole run: leave --since out")
    changes = _changes(arguments)
    checker = Checker(settings, rules)
    sought = _sought(paths, checker)
    program = read_program(settings, arguments.stdin_filename) if STDIN in paths else None
    results: list[FileResult] = []

    def checked(update_baseline: bool) -> Report:
        """The report on the files as they are now, without what the user did not ask about."""
        extra = [] if program is None else [checker.check_bytes(program.text, program.name)]
        del results[:]
        report = _run(checker, sought, extra, results)
        if changes is not None:
            report = changes.only(report)
        if settings.baseline is not None or update_baseline:
            report = against_baseline(report, settings.baseline, sought.files, update_baseline)
        return report

    fixing = _fixing(arguments, settings)
    report = checked(arguments.update_baseline and fixing is None)
    if fixing is not None:
        changed = fixing.run(checker, report, program)
        if fixing.ends:
            return fixing.exit_code
        if changed or arguments.update_baseline:
            checker, changes = Checker(settings, rules), _changes(arguments)
            report = checked(arguments.update_baseline)
        report = replace(report, failures=(*report.failures, *fixing.failures))
    if arguments.add_noqa is not None:
        report = silenced(checker, report, arguments.add_noqa)
    stream = sys.stdout if fixing is None or program is None else sys.stderr
    write(report, _printer(arguments, settings), arguments.output_file, stream)
    _tell_failures(report.failures, arguments.debug)
    if arguments.verbose:
        _tell_more(report, checker, sought, results, time.perf_counter() - started)
    if report.failures:
        return ExitCode.BAD_USE
    return ExitCode.FINDINGS if report.findings and not arguments.exit_zero else ExitCode.CLEAN


def _changes(arguments: argparse.Namespace) -> Changes | None:
    """The lines that the user asks about, if not all."""
    return None if arguments.since is None else changes_since(arguments.since)


def _fixing(arguments: argparse.Namespace, settings: Settings) -> Fixing | None:
    """What the user wants fixed, if anything."""
    if settings.fix or arguments.diff or arguments.fix_only:
        from memlint.cli.fixing import Fixing  # most runs fix nothing and need not wait for this import

        return Fixing(arguments, settings)
    if arguments.unsafe_fixes:
        raise BadUse("--unsafe-fixes says which fixes: add --fix, --fix-only or --diff")
    return None


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


def _run(checker: Checker, sought: Sought, extra: Iterable[FileResult], results: list[FileResult]) -> Report:
    """Check files, with progress on a terminal; each result is also put into ``results``."""
    progress = Progress(len(sought.files), sys.stderr)

    def seen(result: FileResult) -> None:
        results.append(result)
        progress.step()

    jobs = checker.settings.jobs
    try:
        return run(checker, sought.files, jobs=jobs, failures=sought.failures, extra=extra, seen=seen)
    finally:
        progress.end()


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
