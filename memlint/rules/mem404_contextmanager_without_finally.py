"""MEM404 contextmanager-without-finally."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from memlint.findings import Severity
from memlint.flow.analysis import Analysis
from memlint.flow.sites import SiteRecord
from memlint.rules.definitions import StructureRule, decorators, definitions, own_nodes
from memlint.rules.losses import strongest
from memlint.rules.undoing import undo

_MANAGERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})


class ContextManagerWithoutFinally(StructureRule):
    """A generator context manager undoes something after an unprotected ``yield``."""

    code = "MEM404"
    name = "contextmanager-without-finally"
    summary = "A context manager's clean-up is skipped when its block raises."
    severity = Severity.WARNING
    trigger = re.compile(rb"contextmanager\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding an unprotected ``yield`` that is followed by clean-up."""
        found = definitions(analysis.source)
        spoken = {report.unit.node for report in analysis.units if _leaks_on_error(report.records)}
        for function in found.functions:
            if function.node in spoken or not any(n in _MANAGERS for n, _ in decorators(function.node, found.names)):
                continue
            for place, rest in _yields(function.node.body, ()):
                before = [node for node in own_nodes(function.node) if getattr(node, "lineno", 0) < place.lineno]
                undoes = next(filter(None, (undo(statement, before) for statement in rest)), None)
                if undoes is not None:
                    message = f"`yield` is in no try: line {undoes.lineno} is skipped if the block raises"
                    yield function.symbol, place, message


def _leaks_on_error(records: Sequence[SiteRecord]) -> bool:
    return any((said := strongest(record)) is not None and said[0] == "MEM301" for record in records)


def _yields(body: list[ast.stmt], after: tuple[ast.stmt, ...]) -> Iterator[tuple[ast.expr, tuple[ast.stmt, ...]]]:
    """Each ``yield`` that no ``try`` protects, with the statements that run after it when nothing raises."""
    for place, statement in enumerate(body):
        rest = tuple(_until_left((*body[place + 1 :], *after)))
        match statement:
            case ast.Expr(value=value) | ast.Assign(value=value):
                inner = value.value if isinstance(value, ast.Await) else value
                if isinstance(inner, ast.Yield):
                    yield inner, rest
            case ast.With(body=inner_body) | ast.AsyncWith(body=inner_body):
                yield from _yields(inner_body, rest)
            case ast.If(body=inner_body, orelse=orelse):
                yield from _yields(inner_body, rest)
                yield from _yields(orelse, rest)


def _until_left(statements: tuple[ast.stmt, ...]) -> Iterator[ast.stmt]:
    """Those that run before the generator is left by a ``return`` or ``raise`` among them."""
    yield from takewhile(lambda each: not isinstance(each, (ast.Return, ast.Raise)), statements)
