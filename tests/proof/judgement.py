"""Compares what memlint says of a program with what its executions showed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from memlint.engine import Checker
from memlint.settings import Settings

from .execution import Outside, prepare, verdicts
from .fake import TABLE, Bounds

VERDICTS = {"MEM101": "normal", "MEM102": "normal", "MEM103": "normal", "MEM301": "error"}
Verdicts = dict[int, tuple[str, ...]]
"""By site (the number that an acquiring call is given), one verdict for each resource that it gives, sorted."""
FURTHER = Bounds(faults=4, turns=3, executions=60_000)
"""How far executions go before a finding is called false."""


@dataclass(frozen=True)
class Disagreement:
    """One acquiring call of which memlint and the executions say different things."""

    site: int
    line: int
    said: tuple[str, ...]
    """memlint's verdicts: ``normal``, ``error``; one for each resource that the call gives."""
    shown: tuple[str, ...]
    """What the executions showed, likewise."""

    def __str__(self) -> str:
        said, shown = ("+".join(words) or "nothing" for words in (self.said, self.shown))
        return f"line {self.line}: memlint says {said}, executions show {shown}"


class Unjudged(Exception):
    """memlint did not judge the whole program, or the program is outside the modelled language."""


class InternalError(Exception):
    """memlint failed; the text is its traceback."""


class Judge:
    """Asks memlint and the executions about programs."""

    def __init__(self) -> None:
        self._checker = Checker(Settings(catalogue=TABLE, extend_ignore=("MEM4",)))

    def said(self, text: str) -> Verdicts:
        """memlint's verdicts by site.

        Raises:
            Unjudged: a function was skipped.
        """
        result = self._checker.check_bytes(text.encode(), "program.py")
        if result.failure is not None:
            raise InternalError(result.failure.trace)
        if result.skipped:
            raise Unjudged(result.skipped[0].reason)
        places = {(node.lineno, node.col_offset): site for node, site in sites(ast.parse(text))}
        found: dict[int, list[str]] = {}
        for finding in result.findings:
            verdict = VERDICTS.get(finding.code)
            if verdict is not None:
                found.setdefault(places[finding.span.line, finding.span.column], []).append(verdict)
        return {site: tuple(sorted(each)) for site, each in found.items()}

    def disagreements(self, text: str) -> list[Disagreement]:
        """Where memlint and the executions of a program differ.

        Raises:
            Unjudged: the program is outside the modelled language, or past a bound of either side.
            InternalError: memlint failed.
        """
        return self.compare(text)[2]

    def compare(self, text: str) -> tuple[Verdicts, Verdicts, list[Disagreement]]:
        """What memlint says, what the executions show, and where these differ.

        Executions go further before a finding is called false: it may need more than two exceptions.
        """
        said = self.said(text)
        shown = _shown(text, Bounds())
        found = _differences(text, said, shown)
        if any(len(each.said) >= len(each.shown) for each in found):
            shown = _shown(text, FURTHER)
            found = _differences(text, said, shown)
        return said, shown, found


def _shown(text: str, bounds: Bounds) -> Verdicts:
    try:
        return {site: tuple(sorted(each)) for site, each in verdicts(prepare(text), bounds).items()}
    except Outside as reason:
        raise Unjudged(str(reason)) from None


def _differences(text: str, said: Verdicts, shown: Verdicts) -> list[Disagreement]:
    found = []
    for node, site in sites(ast.parse(text)):
        lost = tuple(verdict for verdict in shown.get(site, ()) if verdict != "none")
        if lost != said.get(site, ()):
            found.append(Disagreement(site, node.lineno, said.get(site, ()), lost))
    return found


def sites(tree: ast.Module) -> Iterator[tuple[ast.Call, int]]:
    """The calls that acquire: their first argument is a number."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            if name in ("acquire", "pair", "connect") or name.startswith("make"):
                yield node, int(str(node.args[0].value))
