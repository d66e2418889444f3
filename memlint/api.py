"""memlint from Python: check programs and get findings as values.

>>> from memlint.api import check_source
>>> check_source("with open('x') as f: print(f.read())")
()
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from memlint.engine import Checker, find_files, run
from memlint.findings import Finding
from memlint.reports import Report
from memlint.rules import RULES, Rule
from memlint.settings import Settings


class CheckError(Exception):
    """A program could not be checked through a fault of memlint's own; the cause is in its text."""


def check_source(
    program: str | bytes,
    path: str = "<string>",
    *,
    settings: Settings | None = None,
    rules: Sequence[Rule] = RULES,
) -> tuple[Finding, ...]:
    """The findings in one program, in the order of its lines; ``path`` is what they call it.

    Raises:
        CheckError: an internal error.
    """
    data = program.encode("utf-8", "surrogatepass") if isinstance(program, str) else program
    result = Checker(settings or Settings(), rules).check_bytes(data, path)
    if result.failure is not None:
        raise CheckError(f"{path}: {result.failure.reason}\n{result.failure.trace}")
    return result.findings


def check_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    settings: Settings | None = None,
    rules: Sequence[Rule] = RULES,
) -> Report:
    """The report on files and folders; paths that cannot be read are among its failures.

    No configuration file is looked for: pass what ``memlint.settings.read_configuration`` gives.
    """
    chosen = settings or Settings()
    sought = find_files([os.fspath(path) for path in paths], chosen)
    return run(Checker(chosen, rules), sought.files, jobs=chosen.jobs, failures=sought.failures)
