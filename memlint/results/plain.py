"""Results as plain lists and back: what the caches keep and what a shard's report carries.

Nothing in the plain form says where on a machine the file stands: its own path is empty, a cell of it begins with
``:``, and any other file's begins with ``/`` when it stands below the project's root.
"""

from __future__ import annotations

import os

from memlint.findings import Edit, Finding, Remedy, Severity, Skipped, Span, Step, StepKind
from memlint.reports.excerpt import Excerpt
from memlint.results.result import FileResult
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, TypeAlias

Plain: TypeAlias = "list[Any]"

VERSION = 1
"""Raised when the plain form changes; another version's is not read."""


class Malformed(ValueError):
    """A plain form that nobody of ours has written."""


def to_plain(result: FileResult, root: str) -> Plain:
    """A result that is no failure as plain values; ``root`` is the folder of the file's project."""
    names = _Names(result.path, root)
    return [
        [_finding(finding, names) for finding in result.findings],
        [[names.short(path), len(lines), list(lines.known.items())] for path, lines in result.texts],
        result.suppressed,
        [[item.symbol, item.line, item.reason] for item in result.skipped],
    ]


def from_plain(plain: object, path: str, root: str) -> FileResult:
    """The result again, under the path that the file has now.

    Raises:
        Malformed: ``plain`` is no result.
    """
    names = _Names(path, root)
    try:
        findings, texts, suppressed, skipped = listed(plain)
        return FileResult(
            path,
            tuple(_finding_of(each, names) for each in listed(findings)),
            tuple((names.long(text(short)), _excerpt_of(size, known)) for short, size, known in listed(texts)),
            number(suppressed),
            tuple(Skipped(text(symbol), number(line), text(reason)) for symbol, line, reason in listed(skipped)),
        )
    except (TypeError, ValueError) as error:
        raise Malformed(str(error)) from error


class _Names:
    """Paths as findings have them, and as the plain form has them."""

    def __init__(self, own: str, root: str) -> None:
        self._own = own
        self._root = root.rstrip(os.sep) + os.sep

    def short(self, path: str) -> str:
        if path == self._own:
            return ""
        if path.startswith(f"{self._own}:cell "):
            return path[len(self._own) :]
        full = os.path.abspath(path)
        return "/" + full[len(self._root) :].replace(os.sep, "/") if full.startswith(self._root) else f"={path}"

    def long(self, short: str) -> str:
        if short.startswith("/"):
            return self._root + short[1:].replace("/", os.sep)
        return short[1:] if short.startswith("=") else self._own + short


def _finding(finding: Finding, names: _Names) -> Plain:
    remedy = finding.remedy
    return [
        finding.code,
        names.short(finding.path),
        _numbers(finding.span),
        finding.message,
        finding.severity.value,
        finding.symbol,
        [
            [step.kind.value, _numbers(step.span), step.text, None if step.path is None else names.short(step.path)]
            for step in finding.witness
        ],
        None
        if remedy is None
        else [remedy.name, remedy.title, remedy.safe, [[_numbers(edit.span), edit.text] for edit in remedy.edits]],
        None if finding.statement is None else _numbers(finding.statement),
        finding.preview,
    ]


def _finding_of(plain: object, names: _Names) -> Finding:
    code, path, span, message, severity, symbol, witness, remedy, statement, preview = listed(plain)
    return Finding(
        code=text(code),
        path=names.long(text(path)),
        span=_span(span),
        message=text(message),
        severity=Severity(severity),
        symbol=text(symbol),
        witness=tuple(
            Step(StepKind(kind), _span(place), text(words), None if other is None else names.long(text(other)))
            for kind, place, words, other in listed(witness)
        ),
        remedy=None if remedy is None else _remedy(remedy),
        statement=None if statement is None else _span(statement),
        preview=bool(preview),
    )


def _remedy(plain: object) -> Remedy:
    name, title, safe, edits = listed(plain)
    every = tuple(Edit(_span(span), text(new)) for span, new in listed(edits))
    return Remedy(text(name), text(title), bool(safe), every)


def _excerpt_of(size: object, known: object) -> Excerpt:
    return Excerpt(number(size), {number(line): text(content) for line, content in listed(known)})


def _numbers(span: Span) -> list[int]:
    return [span.line, span.column, span.end_line, span.end_column]


def _span(plain: object) -> Span:
    line, column, end_line, end_column = listed(plain)
    return Span(number(line), number(column), number(end_line), number(end_column))


def listed(plain: object) -> Plain:
    """A plain list; TypeError for anything else."""
    if not isinstance(plain, list):
        raise TypeError(f"a list was expected, not {type(plain).__name__}")
    return plain


def text(plain: object) -> str:
    """A plain text; TypeError for anything else."""
    if not isinstance(plain, str):
        raise TypeError(f"text was expected, not {type(plain).__name__}")
    return plain


def number(plain: object) -> int:
    """A plain whole number; TypeError for anything else."""
    if not isinstance(plain, int) or isinstance(plain, bool):
        raise TypeError(f"a number was expected, not {type(plain).__name__}")
    return plain
