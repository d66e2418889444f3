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
from memlint.source.decode import Unreadable


class CheckError(Exception):
    """A program could not be checked, or not be fixed; the cause is in the text."""


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


def fix_source(
    program: str,
    path: str = "<string>",
    *,
    settings: Settings | None = None,
    rules: Sequence[Rule] = RULES,
    unsafe: bool = False,
) -> str:
    """The program with all fixes carried out that hold when analysed again; unsafe ones only when asked for.

    Raises:
        CheckError: the program is no Python.
        NotInstalled: libcst is missing, which rewrites code.
    """
    from memlint.engine.fixing import Fixer  # who only checks need not wait for this import

    fixer = Fixer(Checker(settings or Settings(), rules), unsafe=unsafe)
    try:
        return fixer.fix(program.encode("utf-8"), path).after.decode("utf-8")
    except Unreadable as error:
        raise CheckError(f"{path}:{error.line}: {error.reason}") from error


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
