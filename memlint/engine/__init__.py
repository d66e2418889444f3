"""From paths to a report: files are found, each is checked, and the outcomes are put in order.

What checks files is imported when it is asked for: a run that finds every result kept does without.
"""

from __future__ import annotations

from memlint.engine.files import Sought, find_files
from memlint.engine.run import run
from memlint.results.result import FileResult
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from memlint.engine.checker import Checker
    from memlint.engine.verdicts import explain_line

__all__ = ["Checker", "FileResult", "Sought", "explain_line", "find_files", "run"]


def __getattr__(name: str) -> object:
    if name == "Checker":
        from memlint.engine.checker import Checker

        return Checker
    if name == "explain_line":
        from memlint.engine.verdicts import explain_line

        return explain_line
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
