"""Writes comments that silence findings into files, each file proved before it is written."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from memlint.engine.checker import Checker
from memlint.findings import Finding
from memlint.reports.model import Failure
from memlint.source.codes import UNPARSABLE, UNUSED
from memlint.source.comments import with_comments
from memlint.source.decode import Unreadable, decode, encoding_of


@dataclass(frozen=True, slots=True)
class Silenced:
    """What was written."""

    findings: int
    files: int
    left: tuple[Finding, ...]
    """Findings that no comment can silence."""
    failures: tuple[Failure, ...]


def silence(checker: Checker, findings: Iterable[Finding], reason: str) -> Silenced:
    """Give each finding a comment with ``reason``.

    A file is written only when it means the same with its comments and the findings are gone from it.
    """
    done, files = 0, 0
    left: list[Finding] = []
    failures: list[Failure] = []
    for path, group in itertools.groupby(findings, key=lambda finding: finding.path):
        every = list(group)
        wanted = [finding for finding in every if finding.code not in (UNPARSABLE, UNUSED)]
        left += [finding for finding in every if finding not in wanted]
        if not wanted:
            continue
        try:
            _silence_file(checker, path, wanted, reason)
        except (OSError, ValueError, Unreadable) as error:
            words = error.strerror if isinstance(error, OSError) else str(error)
            failures.append(Failure(path, f"cannot be given comments: {words}"))
            left += wanted
        else:
            done, files = done + len(wanted), files + 1
    return Silenced(done, files, tuple(left), tuple(failures))


def _silence_file(checker: Checker, path: str, findings: list[Finding], reason: str) -> None:
    with open(path, "rb") as stream:
        data = stream.read()
    changed = with_comments(decode(data), findings, reason).encode(encoding_of(data))
    after = checker.check_bytes(changed, path)
    codes = {finding.code for finding in findings}
    if after.failure is not None or any(finding.code in codes for finding in after.findings):
        raise ValueError("the comments would not silence every finding")
    with open(path, "wb") as stream:
        stream.write(changed)
