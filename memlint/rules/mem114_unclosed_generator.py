"""MEM114 unclosed-generator."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from memlint.flow.analysis import Analysis
from memlint.rules.abandoned import left_early
from memlint.rules.definitions import Function, StructureRule, decorators, definitions, own_nodes, own_tries
from memlint.rules.undoing import undo
from memlint.source.names import ModuleNames

_RESUMED = ("asynccontextmanager", "fixture", "hookimpl")
"""Last words of decorators whose owners close or exhaust the generator: context managers, fixtures, hooks."""
_HARMLESS = frozenset({
    "contextlib.nullcontext", "contextlib.suppress", "decimal.localcontext", "warnings.catch_warnings",
})  # fmt: skip
"""Contexts in which nothing is held."""


class UnclosedGenerator(StructureRule):
    """An asynchronous generator is left suspended while it holds something."""

    code = "MEM114"
    name = "unclosed-generator"
    summary = "An asynchronous generator that is not read to its end keeps what it holds."
    trigger = re.compile(rb"\basync\s+for\b|\basync\s+def\b[\s\S]*?\byield\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """Generators that yield while holding, and loops that leave one of the file's early."""
        found = definitions(analysis.source)
        holding: set[str] = set()
        for function in found.functions:
            if not isinstance(function.node, ast.AsyncFunctionDef) or _is_resumed(function, found.names):
                continue
            if any(_cleans_up(each) for each in own_tries(function.node) if _yields(each.body)):
                holding.add(function.node.name)
            for held, place in _holds(function.node.body, None, found.names):
                if held is None:
                    continue
                holding.add(function.node.name)
                message = f"`yield` suspends this generator while it holds what line {held.lineno} entered"
                yield function.symbol, place, message
                break
        yield from left_early(found, holding)


def _is_resumed(function: Function, names: ModuleNames) -> bool:
    plain = {ast.unparse(d.func if isinstance(d, ast.Call) else d) for d in function.node.decorator_list}
    every = plain | {name for name, _ in decorators(function.node, names)}
    return any(name.rpartition(".")[2] in _RESUMED for name in every)


_Held = ast.With | ast.AsyncWith | None


def _holds(body: list[ast.stmt], held: _Held, names: ModuleNames) -> Iterator[tuple[_Held, ast.expr]]:
    """Each ``yield`` of an asynchronous generator, with the innermost block that it stands in."""
    for statement in body:
        match statement:
            case ast.With(body=inner) | ast.AsyncWith(body=inner):
                yield from _holds(inner, statement if _acquires(statement, names) else held, names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case _:
                for part in ("body", "orelse", "finalbody"):
                    yield from _holds(getattr(statement, part, []), held, names)
                for handler in getattr(statement, "handlers", ()):
                    yield from _holds(handler.body, held, names)
                for case in getattr(statement, "cases", ()):
                    yield from _holds(case.body, held, names)
                for node in _own_expressions(statement):
                    if isinstance(node, ast.Yield):
                        yield held, node


def _own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement, without those of the statements below it."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.expr):
            yield from own_nodes(child)


def _acquires(block: ast.With | ast.AsyncWith, names: ModuleNames) -> bool:
    for item in block.items:
        call = item.context_expr
        known = set(names.qualified(call.func)) if isinstance(call, ast.Call) else set()
        if not known & _HARMLESS:
            return True
    return False


def _yields(body: Sequence[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Yield) for node in own_nodes(*body))


def _cleans_up(protected: ast.Try) -> bool:
    """Whether the ``finally`` undoes something, and does not only say that it was reached."""
    return any(undo(statement, ()) is not None for statement in protected.finalbody)
