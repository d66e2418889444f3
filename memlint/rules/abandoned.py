"""Asynchronous generators that a function leaves suspended."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

from memlint.rules.definitions import Definitions, FunctionNode, own_nodes


def left_early(found: Definitions, holding: Set[str]) -> Iterator[tuple[str, ast.AST, str]]:
    """Where one of the file's generators in ``holding`` is left before its end, and nothing closes it."""
    holding = holding | _passing_on(found, holding)
    for function in found.functions if holding else ():
        for node in own_nodes(function.node):
            match node:
                case ast.AsyncFor(iter=iterated):
                    call = iterated if isinstance(iterated, ast.Call) else _made(iterated, function.node)
                    leave = _leaves(node) if call is not None and _called(call) in holding else None
                    if call is not None and leave is not None:
                        text = f"`{_called(call)}()` is left suspended at line {leave.lineno}, and nothing closes it"
                        yield function.symbol, iterated, text
                case ast.Call(func=ast.Name(id="anext"), args=[ast.Call() as call, *_]) if _called(call) in holding:
                    text = f"`{_called(call)}()` is left suspended behind its first item, and nothing closes it"
                    yield function.symbol, call, text


def _passing_on(found: Definitions, holding: Set[str]) -> Set[str]:
    """Generators that yield what one of ``holding`` yields: who leaves them leaves that one."""
    known = set(holding)
    while True:
        more = {
            function.node.name
            for function in found.functions
            if function.node.name not in known
            and not function.node.decorator_list
            and any(
                isinstance(node, ast.AsyncFor)
                and isinstance(node.iter, ast.Call)
                and _called(node.iter) in known
                and any(isinstance(inner, ast.Yield) for inner in own_nodes(*node.body))
                for node in own_nodes(function.node)
            )
        }
        if not more:
            return known
        known |= more


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _made(iterated: ast.expr, function: FunctionNode) -> ast.Call | None:
    """The call whose generator ``iterated`` names, where the function has no other use of the name."""
    if not isinstance(iterated, ast.Name):
        return None
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == iterated.id]
    made = [
        node.value
        for node in own_nodes(function)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and node.targets[0] in uses
    ]
    if len(uses) == 2 and len(made) == 1 and isinstance(made[0], ast.Call):
        return made[0]
    return None


def _leaves(loop: ast.AsyncFor) -> ast.stmt | None:
    """The statement by which a loop ends before its generator."""
    waiting: list[tuple[ast.stmt, bool, bool]] = [(statement, True, False) for statement in loop.body]
    while waiting:
        statement, own, caught = waiting.pop(0)
        if isinstance(statement, ast.Return) or (isinstance(statement, ast.Raise) and not caught):
            return statement
        if own and isinstance(statement, ast.Break):
            return statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        inner = own and not isinstance(statement, (ast.For, ast.AsyncFor, ast.While))
        handled = getattr(statement, "body", ()) if getattr(statement, "handlers", ()) else ()
        for node in ast.iter_child_nodes(statement):
            if isinstance(node, ast.stmt):
                waiting.append((node, inner, caught or node in handled))
            elif isinstance(node, (ast.ExceptHandler, ast.match_case)):
                waiting.extend((each, inner, caught) for each in node.body)
    return None
