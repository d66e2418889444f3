"""MEM603 archive-without-retention."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import ClassVar

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import StructureRule, definitions
from memlint.rules.rule import Default
from memlint.rules.triggers import AnyWordOf

_TIMED = "logging.handlers.TimedRotatingFileHandler"
_LOGURU = "loguru.logger.add"


class ArchiveWithoutRetention(StructureRule):
    """What is rotated out is kept for ever."""

    code = "MEM603"
    name = "archive-without-retention"
    summary = "A log is rotated, and what is rotated out is never removed."
    default: ClassVar[Default] = Default.ON
    trigger = AnyWordOf(frozenset({b"logging", b"loguru"}), (b"TimedRotatingFileHandler", b"rotation"))

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a handler, at the call that makes it."""
        for symbol, call, names in definitions(analysis.source).calls_of({_TIMED, _LOGURU}):
            message = _kept(call, names)
            if message is not None:
                yield symbol, call, message


def _kept(call: ast.Call, names: frozenset[str]) -> str | None:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in given or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    if _TIMED in names:
        count = given.get("backupCount", call.args[3] if len(call.args) > 3 else ast.Constant(0))
        if isinstance(count, ast.Constant) and count.value == 0:
            return "`TimedRotatingFileHandler` keeps every file that it ever rotated: `backupCount` is 0"
    if _LOGURU in names and "rotation" in given and _nothing(given.get("retention")):
        return "`logger.add` keeps every file that it ever rotated: `retention` is not given"
    return None


def _nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)
