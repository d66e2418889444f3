"""``--fix``, ``--unsafe-fixes``, ``--fix-only``, ``--diff`` and ``--show-fixes``: fixes carried out and told."""

from __future__ import annotations

import argparse
import difflib
import itertools
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace

from memlint.cli.arguments import BadUse
from memlint.cli.console import ExitCode, say
from memlint.cli.standard_input import Program
from memlint.engine import Checker
from memlint.engine.fixing import FileFix, Fixer, Wanted, key_of
from memlint.engine.writing import replace_file
from memlint.findings import Finding, Remedy
from memlint.fixes.installed import NotInstalled
from memlint.fixes.table import FIXES
from memlint.reports import Failure, Report
from memlint.settings import Settings
from memlint.source.cells import SUFFIX, cell_of
from memlint.source.decode import Unreadable, decode, split_lines


class Fixing:
    """What one run fixes."""

    def __init__(self, arguments: argparse.Namespace, settings: Settings) -> None:
        self._diff: bool = arguments.diff
        self._only: bool = arguments.fix_only
        self._verbose: bool = arguments.verbose
        self._settings = settings
        self._changed = False
        self.failures: list[Failure] = []
        """Files that could not be written."""

    @property
    def ends(self) -> bool:
        """Whether nothing is reported after fixing."""
        return self._diff or self._only

    @property
    def exit_code(self) -> ExitCode:
        """What a run that reports nothing says to its caller."""
        if self.failures:
            return ExitCode.BAD_USE
        return ExitCode.FINDINGS if self._diff and self._changed else ExitCode.CLEAN

    def run(self, checker: Checker, report: Report, program: Program | None) -> bool:
        """Fix the files of a report, and return whether anything changed.

        Raises:
            BadUse: what rewrites code is not installed.
        """
        settings = self._settings
        try:
            fixer = Fixer(checker, unsafe=settings.unsafe_fixes, unfixable=settings.unfixable)
        except NotInstalled as error:
            raise BadUse(str(error)) from error
        done = [*self._files(fixer, report, program)]
        if program is not None and not self._diff:
            sys.stdout.flush()
            sys.stdout.buffer.write(program.text)
            sys.stdout.buffer.flush()
        self._changed = any(each.changed for each in done)
        self._tell(done, report)
        if self.ends:
            for failure in (*report.failures, *self.failures):
                say(f"{failure.path}: {failure.reason}")
            self.failures = [*report.failures, *self.failures]
        return self._changed

    def _files(self, fixer: Fixer, report: Report, program: Program | None) -> Iterator[FileFix]:
        """What came of each file; it is written, or its difference is printed."""
        for path, group in itertools.groupby(report.findings, key=lambda finding: cell_of(finding.path)[0]):
            findings = [finding for finding in group if finding.code in FIXES]
            if not findings or path.endswith(SUFFIX):
                continue
            wanted = {key_of(finding, report.lines.get(finding.path, ())) for finding in findings}
            try:
                fixed = self._file(fixer, path, wanted.__contains__, program)
            except (OSError, ValueError, Unreadable) as error:
                words = error.strerror if isinstance(error, OSError) else str(error)
                self.failures.append(Failure(path, f"cannot be fixed: {words}"))
            except Exception as error:  # a fault of ours in one file must not keep others from being fixed
                reason = f"internal error: {type(error).__name__}: {error}"
                self.failures.append(Failure(path, reason, True, traceback.format_exc()))
            else:
                yield fixed

    def _file(self, fixer: Fixer, path: str, wanted: Wanted, program: Program | None) -> FileFix:
        given = program is not None and path == program.name
        if given:
            assert program is not None
            data = program.text
        else:
            with open(path, "rb") as stream:
                data = stream.read()
        fixed = fixer.fix(data, path, wanted)
        if not fixed.changed:
            return fixed
        if self._diff:
            sys.stdout.writelines(_difference(fixed))
        elif given:
            assert program is not None
            program.text = fixed.after
        else:
            replace_file(path, fixed.before, fixed.after)
        return fixed

    def _tell(self, done: Iterable[FileFix], report: Report) -> None:
        done = list(done)
        kept = [each for fixed in done for each in fixed.kept]
        if self._settings.show_fixes:
            for each in kept:
                mark = "" if each.safe else " (unsafe)"
                finding = each.finding
                say(f"{finding.path}:{finding.span.line}: {finding.code} fixed by {each.fix}{mark}: {each.title}")
        word = "would fix" if self._diff else "fixed"
        say(f"{word} {_count(len(kept), 'finding')} in {_count(sum(fixed.changed for fixed in done), 'file')}")
        unsafe = sum(len(fixed.unsafe) for fixed in done)
        if unsafe:
            say(f"{_count(unsafe, 'more finding')} can be fixed with --unsafe-fixes, at your own judgement")
        notebooks = sum(cell_of(finding.path)[0].endswith(SUFFIX) for finding in report.findings)
        if notebooks:
            say(f"notebooks are not fixed: {_count(notebooks, 'finding')} in them left as they are")
        dropped = [each for fixed in done for each in fixed.dropped]
        if dropped:
            hint = "" if self._verbose else " (--verbose says why)"
            say(f"dropped {_count(len(dropped), 'fix', 'fixes')} that did not hold when analysed again{hint}")
        if self._verbose:
            for fix in dropped:
                say(f"{_place(fix.finding)}: dropped {fix.fix}: {fix.reason}")
            for fixed in done:
                for fix in fixed.refused:
                    say(f"{_place(fix.finding)}: no fix, because {fix.reason}")


def with_remedies(checker: Checker, report: Report, program: Program | None) -> Report:
    """A report whose findings say how they could be fixed; each fix is listed, and nothing is changed.

    Raises:
        BadUse: what rewrites code is not installed.
    """
    try:
        fixer = Fixer(checker, unsafe=True, unfixable=checker.settings.unfixable)
    except NotInstalled as error:
        raise BadUse(str(error)) from error
    findings = [replace(each, remedy=each.remedy or _remedy(fixer, each, program)) for each in report.findings]
    for each in findings:
        if each.remedy is not None:
            mark = "" if each.remedy.safe else " (unsafe)"
            say(f"{_place(each)} can be fixed by {each.remedy.name}{mark}: {each.remedy.title}")
    return replace(report, findings=tuple(findings))


def _remedy(fixer: Fixer, finding: Finding, program: Program | None) -> Remedy | None:
    """How one finding could be fixed; a file that cannot be read any more has no fix."""
    if finding.code not in FIXES or finding.path.endswith(SUFFIX) or cell_of(finding.path)[1]:
        return None
    if program is not None and finding.path == program.name:
        return fixer.remedy(program.text, finding.path, finding)
    try:
        with open(finding.path, "rb") as stream:
            data = stream.read()
    except OSError:
        return None
    return fixer.remedy(data, finding.path, finding)


def _place(finding: Finding) -> str:
    return f"{finding.path}:{finding.span.line}: {finding.code}"


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _difference(fixed: FileFix) -> Iterator[str]:
    """The unified difference of one file."""
    before, after = (split_lines(decode(data)) for data in (fixed.before, fixed.after))
    name = fixed.path if fixed.path != "-" else "standard input"
    for line in difflib.unified_diff(before, after, name, name, lineterm=""):
        yield line + "\n"
