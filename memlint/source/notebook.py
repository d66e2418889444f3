"""Jupyter notebooks: the code cells as one program, and the way back from its lines to cells.

The format is nbformat 4's JSON.  IPython's own syntax (``%magic``, ``!command``, ``name?``) is taken out line by line.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from memlint.findings import Finding, Span, Step
from memlint.source.decode import Unreadable, parse, split_lines
from memlint.source.text import Source

_PYTHON_CELLS = frozenset({"capture", "debug", "memit", "mprun", "prun", "py", "python", "python3", "time", "timeit"})
_MAGIC = re.compile(r"\s*(?:[%!?]|[\w.]+\?\??\s*$)")
_ASSIGNED = re.compile(r"(?P<target>\s*[\w.,\s\[\]'\"]+=\s*)[%!](?!=)")


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook's program and where each of its cells stands in it."""

    source: Source
    starts: tuple[int, ...]
    """The first line of each code cell in the program."""
    numbers: tuple[int, ...]
    """The place of each code cell among all cells of the notebook, from 1."""

    def located(self, finding: Finding) -> Finding:
        """A finding with each place as cell and line in the cell."""
        path, span = self._place(finding.span)
        statement = None if finding.statement is None else self._place(finding.statement)[1]
        witness = tuple(self._step(step) for step in finding.witness)
        return replace(finding, path=path, span=span, statement=statement, witness=witness)

    def texts(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The lines of each cell under the cell's path."""
        ends = (*(start - 1 for start in self.starts[1:]), len(self.source.lines))
        for start, end, number in zip(self.starts, ends, self.numbers, strict=True):
            yield f"{self.source.path}:cell {number}", self.source.lines[start - 1 : end]

    def _step(self, step: Step) -> Step:
        if step.path is not None and step.path != self.source.path:
            return step
        path, span = self._place(step.span)
        return replace(step, path=path, span=span)

    def _place(self, span: Span) -> tuple[str, Span]:
        cell = max(bisect_right(self.starts, span.line) - 1, 0)
        if not self.starts:
            return self.source.path, span
        before = self.starts[cell] - 1
        moved = replace(span, line=span.line - before, end_line=span.end_line - before)
        return f"{self.source.path}:cell {self.numbers[cell]}", moved


def read_notebook(text: str, path: str) -> Notebook:
    """The program of a notebook.

    Raises:
        Unreadable: the text is no notebook, or its cells are no Python.
    """
    lines: list[str] = []
    starts: list[int] = []
    numbers: list[int] = []
    for number, cell in _code_cells(text):
        starts.append(len(lines) + 1)
        numbers.append(number)
        lines += _python_lines(cell) or [""]
    program = "".join(f"{line}\n" for line in lines)
    empty = Source(path, program, ast.Module([], []), tuple(lines))
    try:
        source = parse(program, path, top_level_await=True)
    except Unreadable as error:
        place, span = Notebook(empty, tuple(starts), tuple(numbers))._place(Span(error.line, 0, error.line, 0))
        raise Unreadable(
            f"{error.reason} (in {place.removeprefix(path).lstrip(':')})", span.line, error.column
        ) from error
    return Notebook(source, tuple(starts), tuple(numbers))


def _code_cells(text: str) -> Iterator[tuple[int, str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the notebook is not valid JSON: {error}") from error
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("the notebook has no list of cells; save it in nbformat 4")
    language = _language(document)
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code" or language != "python":
            continue
        source = cell.get("source")
        lines = source if isinstance(source, list) else [source]
        yield number, "".join(line for line in lines if isinstance(line, str))


def _language(document: dict[str, object]) -> str:
    metadata = document.get("metadata")
    about = metadata if isinstance(metadata, dict) else {}
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        inner = about.get(key)
        if isinstance(inner, dict) and isinstance(inner.get(name), str):
            return str(inner[name]).lower()
    return "python"


def _python_lines(cell: str) -> list[str]:
    """The lines of a cell as Python, as many as it has."""
    lines = list(split_lines(cell))
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%"):
        words = first[2:].split()
        if not words or words[0] not in _PYTHON_CELLS:
            return ["" for _ in lines]
        lines[lines.index(first)] = ""
    if _is_python(lines):
        return lines
    return [_without_magic(line) for line in lines]


def _is_python(lines: Sequence[str]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # for other linters to tell
            compile("\n".join(lines) + "\n", "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _without_magic(line: str) -> str:
    if _MAGIC.match(line):
        return line[: len(line) - len(line.lstrip())] + "pass"
    assigned = _ASSIGNED.match(line)
    return f"{assigned['target']}None" if assigned else line
