"""``memlint check``: settings, files, engine, report, exit code."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence

from memlint.cli.arguments import BadUse
from memlint.cli.console import ExitCode, printer_of, say, tell_failures, write
from memlint.cli.judge import Judge
from memlint.cli.progress import Progress
from memlint.cli.sharding import part_of, shard_of
from memlint.cli.standard_input import Program, read_program
from memlint.engine.files import STDIN, Sought, find_files
from memlint.engine.run import gather
from memlint.reports import Report
from memlint.results.result import FileResult
from memlint.settings import Settings
from memlint.values import TYPE_CHECKING, replace

if TYPE_CHECKING:
    from memlint.cli.fixing import Fixing
    from memlint.engine.changes import Changes
    from memlint.rules import Rule


def check(arguments: argparse.Namespace, rules: Sequence[Rule] | None) -> ExitCode:
    """Check the paths of the command line and print what was found; with ``--watch`` again and again."""
    if not arguments.watch:
        return check_once(arguments, rules)
    shard_of(arguments, arguments.paths)  # which cannot be watched
    if STDIN in arguments.paths:
        raise BadUse("--watch cannot watch standard input")
    if arguments.fix or arguments.fix_only or arguments.diff:
        raise BadUse("--watch only looks: leave --fix, --fix-only and --diff out")
    arguments.fix = False
    from memlint.cli.watch import watch

    return watch(arguments, rules, lambda: check_once(arguments, rules))


def check_once(arguments: argparse.Namespace, rules: Sequence[Rule] | None) -> ExitCode:
    """Check the paths of the command line and print what was found."""
    started = time.perf_counter()
    paths: list[str] = arguments.paths or ["."]
    shard = shard_of(arguments, paths)
    judge = Judge(arguments, paths, rules)
    for notice in judge.notices:
        say(notice)
    if arguments.update_baseline and arguments.since is not None:
        raise BadUse("--update-baseline needs a whole run: leave --since out")
    changes = _changes(arguments)
    sought = _sought(paths, judge.settings)
    if shard is not None:
        sought = replace(sought, files=shard.mine(sought.files))
    program = read_program(judge.settings, arguments.stdin_filename) if STDIN in paths else None
    results: list[FileResult] = []

    def checked(update_baseline: bool) -> Report:
        """The report on the files as they are now, without what the user did not ask about."""
        del results[:]
        _judge(judge, sought, program, results)
        report = gather(results, sought.failures, judge.rules)
        if changes is not None:
            report = changes.only(report)
        if shard is not None:
            report = replace(report, part=part_of(shard, judge, sought, results, changes))
        return _unknown(report, judge, sought, update_baseline, stale=shard is None)

    fixing = _fixing(arguments, judge.settings)
    report = checked(arguments.update_baseline and fixing is None)
    if fixing is not None:
        changed = fixing.run(judge.checker, report, program)
        if fixing.ends:
            return fixing.exit_code
        if changed or arguments.update_baseline:
            judge, changes = Judge(arguments, paths, rules), _changes(arguments)
            report = checked(arguments.update_baseline)
        report = replace(report, failures=(*report.failures, *fixing.failures))
    if judge.settings.show_fixes and fixing is None:
        from memlint.cli.fixing import with_remedies  # as above

        report = with_remedies(judge.checker, report, program)
    if arguments.add_noqa is not None:
        from memlint.cli.narrowing import silenced

        report = silenced(judge.checker, report, arguments.add_noqa)
    stream = sys.stdout if fixing is None or program is None else sys.stderr
    write(report, printer_of(arguments, judge.settings), arguments.output_file, stream)
    tell_failures(report.failures, arguments.debug)
    if arguments.verbose:
        _tell_more(report, judge, results, time.perf_counter() - started)
    if report.failures:
        return ExitCode.BAD_USE
    return ExitCode.FINDINGS if report.findings and not arguments.exit_zero else ExitCode.CLEAN


def _changes(arguments: argparse.Namespace) -> Changes | None:
    """The lines that the user asks about, if not all."""
    if arguments.since is None:
        return None
    from memlint.engine.changes import changes_since  # late: few runs ask git

    return changes_since(arguments.since)


def _fixing(arguments: argparse.Namespace, settings: Settings) -> Fixing | None:
    """What the user wants fixed, if anything."""
    if settings.fix or arguments.diff or arguments.fix_only:
        from memlint.cli.fixing import Fixing  # most runs fix nothing and need not wait for this import

        return Fixing(arguments, settings)
    if arguments.unsafe_fixes:
        raise BadUse("--unsafe-fixes says which fixes: add --fix, --fix-only or --diff")
    return None


def _judge(judge: Judge, sought: Sought, program: Program | None, results: list[FileResult]) -> None:
    """Judge everything that was asked for, with progress on a terminal; each result is put into ``results``."""
    progress = Progress(len(sought.files), sys.stderr)
    if program is not None:
        results.append(judge.checker.check_bytes(program.text, program.name))

    def seen(result: FileResult) -> None:
        results.append(result)
        progress.step()

    try:
        judge.judge(sought.files, seen)
    finally:
        progress.end()
    if judge.trouble is not None:
        say(f"the shared cache cannot be used: {judge.trouble}")


def _unknown(report: Report, judge: Judge, sought: Sought, update: bool, *, stale: bool) -> Report:
    """The report without what the baseline knows."""
    if judge.settings.baseline is None and not update:
        return report
    from memlint.cli.narrowing import against_baseline  # late: few runs have one

    return against_baseline(report, judge.settings.baseline, sought.files, update, stale=stale)


def _sought(paths: Iterable[str], settings: Settings) -> Sought:
    sought = find_files((path for path in paths if path != STDIN), settings)
    for folder in sought.barren:
        say(f"no Python files in {folder}")
    return sought


def _tell_more(report: Report, judge: Judge, results: Sequence[FileResult], seconds: float) -> None:
    say(f"settings: {judge.settings.origin or 'defaults'}")
    say(f"rules: {' '.join(rule.code for rule in judge.rules) or 'none'}")
    for item in report.skipped:
        function = item.function
        say(f"{item.path}:{function.line}: `{function.symbol}` was not judged: {function.reason}")
    if judge.memory is not None:
        for trouble in judge.memory.troubles:
            say(trouble)
        say(f"{judge.kept} of {len(results)} results were kept from earlier runs")
    for result in sorted(results, key=lambda result: -result.seconds)[:3]:
        if result.seconds:
            say(f"{result.path} took {result.seconds:.2f} s")
    say(f"{len(results)} files in {seconds:.2f} s")
