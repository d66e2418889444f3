"""What is taken out of a report before it is printed: known findings, and those that a comment now silences."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from memlint.cli.arguments import BadUse
from memlint.cli.console import say
from memlint.engine.baseline import compare, read_baseline, write_baseline
from memlint.reports import Report

if TYPE_CHECKING:
    from memlint.engine.checker import Checker


def against_baseline(
    report: Report, file: str | None, checked: Sequence[str], update: bool, *, stale: bool = True
) -> Report:
    """The report without the findings that the baseline knows; ``stale`` entries, that nothing answers to, are told."""
    if file is None:
        raise BadUse("--update-baseline needs a file: --baseline FILE")
    if update:
        say(f"{file}: {write_baseline(file, report, checked)} findings written")
    compared = compare(file, read_baseline(file), report, checked)
    for entry in compared.stale if stale else ():
        say(f"{file}: stale: {entry.code} in `{entry.symbol}` of {entry.path} is gone; --update-baseline forgets it")
    return replace(compared.report, baselined=compared.known)


def silenced(checker: Checker, report: Report, reason: str) -> Report:
    """Write the comments that ``--add-noqa`` asks for; what is left of the report is still printed."""
    if not reason.strip() or not reason.isprintable():
        raise BadUse("--add-noqa needs a reason, on one line")
    from memlint.engine.silencing import silence  # late: it needs the whole analysis

    done = silence(checker, (f for f in report.findings if os.path.isfile(f.path)), reason.strip())
    say(f"silenced {done.findings} findings in {done.files} files")
    left = tuple(f for f in report.findings if f in done.left or not os.path.isfile(f.path))
    return replace(
        report,
        findings=left,
        failures=(*report.failures, *done.failures),
        suppressed=report.suppressed + done.findings,
    )
