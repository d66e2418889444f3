"""MEM601 unrotated-log."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from memlint.findings import Finding
from memlint.flow.analysis import Analysis
from memlint.rules.definitions import StructureRule, definitions
from memlint.rules.rule import Default
from memlint.rules.triggers import AnyWordOf

_ROTATING = "logging.handlers.RotatingFileHandler"
_PLAIN = frozenset({"logging.FileHandler", "logging.basicConfig"})


class UnrotatedLog(StructureRule):
    """A log that grows for as long as the program is used."""

    code = "MEM601"
    name = "unrotated-log"
    summary = "A log file is appended to and never rotated."
    default: ClassVar[Default] = Default.ON
    trigger = AnyWordOf(frozenset({b"logging"}), (b"FileHandler", b"basicConfig"))

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """Handlers that rotate by name only are found for everyone, plain ones for those who ask for previews."""
        for finding in super().check(analysis):
            yield finding if "rotates" in finding.message else replace(finding, preview=True)

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a handler, at the call that makes it."""
        for symbol, call, names in definitions(analysis.source).calls_of({_ROTATING, *_PLAIN}):
            if _ROTATING in names:
                message = _never_rotates(call)
            else:
                message = _appends(call, basic="logging.basicConfig" in names)
            if message is not None:
                yield symbol, call, message


def _never_rotates(call: ast.Call) -> str | None:
    """What keeps a rotating handler from rotating: no size to rotate at, or no place for the old ones."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    given |= dict(zip(("filename", "mode", "maxBytes", "backupCount"), call.args, strict=False))
    if None in given or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    for name in ("maxBytes", "backupCount"):
        value = given.get(name, ast.Constant(0))
        if isinstance(value, ast.Constant) and value.value == 0:
            return f"`{ast.unparse(call.func)}` never rotates while `{name}` is 0"
    return None


def _appends(call: ast.Call, *, basic: bool) -> str | None:
    """A plain handler that goes on where the run before it ended."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if basic and "filename" not in given:
        return None
    mode = given.get("filemode" if basic else "mode") or (None if basic or len(call.args) < 2 else call.args[1])
    if None in given or (mode is not None and not (isinstance(mode, ast.Constant) and mode.value == "a")):
        return None
    target = given.get("filename") or (call.args[0] if call.args else None)
    if isinstance(target, ast.Attribute) and ast.unparse(target) == "os.devnull":
        return None
    return f"`{ast.unparse(call.func)}` appends to one file for as long as the program is used"
