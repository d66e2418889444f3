"""From paths to a report: files are found, each is checked, and the outcomes are put in order."""

from __future__ import annotations

from memlint.engine.checker import Checker
from memlint.engine.files import Sought, find_files
from memlint.engine.run import run
from memlint.engine.verdicts import explain_line
from memlint.results.result import FileResult

__all__ = ["Checker", "FileResult", "Sought", "explain_line", "find_files", "run"]
