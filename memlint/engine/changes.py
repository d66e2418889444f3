"""Which lines changed since a revision, as git tells."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from memlint.findings import Finding
from memlint.reports.model import Report
from memlint.settings import SettingsError
from memlint.source.cells import cell_of

_HUNK = re.compile(rb"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Changes:
    """The changed lines of each file, by its real path; None means that all of a file is new."""

    lines: Mapping[str, frozenset[int] | None]

    def touch(self, finding: Finding) -> bool:
        """Whether a finding, or any step of the path that proves it, stands on a changed line.

        A notebook is taken whole: its lines in git are not those of its cells.
        """
        statement = finding.statement or finding.span
        places = [(finding.path, finding.span), (finding.path, statement)]
        places += [(step.path or finding.path, step.span) for step in finding.witness]
        return any(self._changed(path, span.line, span.end_line) for path, span in places)

    def only(self, report: Report) -> Report:
        """A report without the findings that no change touches."""
        return replace(report, findings=tuple(finding for finding in report.findings if self.touch(finding)))

    def _changed(self, path: str, first: int, last: int) -> bool:
        file, cell = cell_of(path)
        full = os.path.realpath(file)
        if full not in self.lines:
            return False
        lines = self.lines[full]
        return lines is None or cell > 0 or any(line in lines for line in range(first, last + 1))


def changes_since(revision: str, folder: str = ".") -> Changes:
    """What changed in the working tree since the point where it parted from ``revision``, new files included.

    Where lines were only taken away, the lines on both sides count as changed.

    Raises:
        SettingsError: there is no git, no repository or no such revision.
    """
    top = os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\n"))
    try:
        commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except SettingsError as error:
        raise SettingsError(f"git knows no revision `{revision}` in {top}") from error
    try:
        base = _git(top, "merge-base", commit.strip().decode(), "HEAD").strip().decode()
    except SettingsError:
        base = commit.strip().decode()  # no common history: compare with the revision itself
    quiet = ("-c", "core.quotepath=off", "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-renames")
    diff = _git(top, *quiet, "--src-prefix=a/", "--dst-prefix=b/", base, "--")
    lines: dict[str, frozenset[int] | None] = dict(_changed_lines(diff, top))
    for name in _git(top, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0"):
        if name:
            lines[os.path.realpath(os.path.join(top, os.fsdecode(name)))] = None
    return Changes(lines)


def _changed_lines(diff: bytes, top: str) -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    lines: set[int] = set()
    header = False
    for row in diff.split(b"\n"):
        if row.startswith(b"diff --git "):
            header = True
        elif header and row.startswith(b"+++ "):
            lines = found.setdefault(os.path.realpath(os.path.join(top, _name(row[4:]))), set())
        elif (match := _HUNK.match(row)) is not None:
            header = False
            start, count = int(match[1]), int(match[2] or 1)
            lines.update(range(start, start + count) if count else (start, start + 1))
    return {path: frozenset(numbers) for path, numbers in found.items()}


def _name(field: bytes) -> str:
    """A file name of a diff header: plain with perhaps a tab after it, or quoted as in C."""
    name = field.removesuffix(b"\t")
    if name.startswith(b'"'):
        name = ast.literal_eval("b" + name.decode("latin-1"))
    return os.fsdecode(name.removeprefix(b"b/"))


def _git(folder: str, *words: str) -> bytes:
    command: Sequence[str] = ("git", "-C", folder, *words)
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise SettingsError("--since needs git, which is not installed") from error
    if done.returncode:
        words_of_git = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise SettingsError(f"git {words[0]} in {os.path.abspath(folder)}: {words_of_git or 'failed'}")
    return done.stdout
