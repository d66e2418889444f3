"""MEM114 unclosed-generator."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Definitions, Function, StructureRule, decorators, definitions, own_nodes
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
            for held, place in _holds(function.node.body, None, found.names):
                if held is None:
                    continue
                holding.add(function.node.name)
                message = f"`yield` suspends this generator while it holds what line {held.lineno} entered"
                yield function.symbol, place, message
                break
        yield from _left_early(found, holding)


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


def _left_early(found: Definitions, holding: set[str]) -> Iterator[tuple[str, ast.AST, str]]:
    """Loops over one of the file's holding generators that end before it does, without ``aclosing``."""
    for function in found.functions:
        for loop in own_nodes(function.node):
            match loop:
                case ast.AsyncFor(iter=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) as call):
                    leave = _leaves(loop) if name in holding else None
                    if leave is not None:
                        text = f"`{name}()` is left suspended at line {leave.lineno}, and nothing closes it"
                        yield function.symbol, call, text


def _leaves(loop: ast.AsyncFor) -> ast.stmt | None:
    """The statement by which a loop ends before its generator."""
    waiting: list[tuple[ast.stmt, bool]] = [(statement, True) for statement in loop.body]
    while waiting:
        statement, own = waiting.pop(0)
        if isinstance(statement, ast.Return) or (own and isinstance(statement, ast.Break)):
            return statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        inner = own and not isinstance(statement, (ast.For, ast.AsyncFor, ast.While))
        for node in ast.iter_child_nodes(statement):
            if isinstance(node, ast.stmt):
                waiting.append((node, inner))
            elif isinstance(node, (ast.ExceptHandler, ast.match_case)):
                waiting.extend((each, inner) for each in node.body)
    return None
