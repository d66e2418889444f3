"""Compares what memlint says of a program with what its executions showed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from memlint.engine import Checker
from memlint.findings import StepKind
from memlint.settings import Settings

from .execution import Outside, Seen, prepare, showings
from .fake import TABLE, Bounds

VERDICTS = {"MEM101": "normal", "MEM102": "normal", "MEM103": "normal", "MEM301": "error"}
Showings = dict[int, list[Seen]]
"""By site (the number that an acquiring call is given), what became of each resource that it gives."""
FURTHER = Bounds(faults=4, turns=3, executions=60_000)
"""How far executions go before a finding is called false."""


@dataclass(frozen=True)
class Said:
    """What memlint says of one resource."""

    verdict: str
    raiser: int | None = None
    """The line that its path names as the one that raises."""


@dataclass(frozen=True)
class Disagreement:
    """One acquiring call of which memlint and the executions say different things."""

    site: int
    line: int
    said: tuple[str, ...]
    """memlint's verdicts: ``normal``, ``error``; one for each resource that the call gives."""
    shown: tuple[str, ...]
    """What the executions showed, likewise."""
    raiser: int | None = None
    """A line of which memlint says that its exception loses the resource, when no execution shows that."""

    def __str__(self) -> str:
        if self.raiser is not None:
            return f"line {self.line}: no execution loses it by an exception of the line that memlint names"
        said, shown = ("+".join(words) or "nothing" for words in (self.said, self.shown))
        return f"line {self.line}: memlint says {said}, executions show {shown}"


class Unjudged(Exception):
    """memlint did not judge the whole program, or the program is outside the modelled language."""


class InternalError(Exception):
    """memlint failed; the text is its traceback."""


class Judge:
    """Asks memlint and the executions about programs."""

    def __init__(self) -> None:
        # with previews: a loss by cancellation alone is one
        self._checker = Checker(Settings(catalogue=TABLE, select=tuple(VERDICTS), preview=True))

    def said(self, text: str) -> dict[int, list[Said]]:
        """What memlint says, by site.

        Raises:
            Unjudged: a function was skipped.
            InternalError: memlint failed.
        """
        result = self._checker.check_bytes(text.encode(), "program.py")
        if result.failure is not None:
            raise InternalError(result.failure.trace)
        if result.skipped:
            raise Unjudged(result.skipped[0].reason)
        places = {(node.lineno, node.col_offset): site for node, site in sites(ast.parse(text))}
        found: dict[int, list[Said]] = {}
        for finding in result.findings:
            verdict = VERDICTS.get(finding.code)
            if verdict is not None:
                raisers = [step.span.line for step in finding.witness if step.kind is StepKind.RAISE]
                named = raisers[0] if raisers and verdict == "error" else None
                found.setdefault(places[finding.span.line, finding.span.column], []).append(Said(verdict, named))
        return found

    def disagreements(self, text: str) -> list[Disagreement]:
        """Where memlint and the executions of a program differ.

        Raises:
            Unjudged: the program is outside the modelled language, or past a bound of either side.
            InternalError: memlint failed.
        """
        return self.compare(text)[1]

    def compare(self, text: str) -> tuple[Showings, list[Disagreement]]:
        """What the executions show, and where memlint says something else.

        Executions go further before a finding is called false: it may need more than two exceptions.
        """
        said = self.said(text)
        shown = _shown(text, Bounds())
        found = _differences(text, said, shown)
        if any(len(each.said) >= len(each.shown) for each in found):
            shown = _shown(text, FURTHER)
            found = _differences(text, said, shown)
        return shown, found


def _shown(text: str, bounds: Bounds) -> Showings:
    try:
        return showings(prepare(text), bounds)
    except Outside as reason:
        raise Unjudged(str(reason)) from None


def _differences(text: str, said: dict[int, list[Said]], shown: Showings) -> list[Disagreement]:
    found = []
    for node, site in sites(ast.parse(text)):
        claims, showing = said.get(site, []), shown.get(site, [])
        words = tuple(sorted(each.verdict for each in claims))
        lost = tuple(sorted(seen.verdict for seen in showing if seen.verdict != "none"))
        if lost != words:
            found.append(Disagreement(site, node.lineno, words, lost))
            continue
        raisers = {line for seen in showing for line in seen.raisers}
        wrong = [each.raiser for each in claims if each.raiser is not None and each.raiser not in raisers]
        if wrong:
            found.append(Disagreement(site, node.lineno, words, lost, wrong[0]))
    return found


def sites(tree: ast.Module) -> Iterator[tuple[ast.Call, int]]:
    """The calls that acquire: their first argument is a number."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            if name in ("acquire", "pair", "connect") or name.startswith("make"):
                yield node, int(str(node.args[0].value))
