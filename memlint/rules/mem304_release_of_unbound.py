"""MEM304 release-of-unbound."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from memlint.findings import Severity
from memlint.flow.analysis import Analysis
from memlint.rules.definitions import StructureRule, definitions, own_nodes, own_tries
from memlint.rules.finals import ReleasedInFinally
from memlint.rules.rule import Default
from memlint.source.names import ModuleNames
from memlint.source.walk import walk

_RELEASES = frozenset({
    "aclose", "cancel", "cleanup", "close", "disconnect", "join", "kill", "logout", "quit", "release",
    "shutdown", "stop", "terminate", "unlink", "wait",
})  # fmt: skip
_RELEASERS = frozenset({"os.close", "os.unlink", "os.remove", "shutil.rmtree"})


class ReleaseOfUnbound(StructureRule):
    """A ``finally`` releases a name that its own ``try`` binds."""

    code = "MEM304"
    name = "release-of-unbound"
    summary = "A finally releases a name that does not exist when the acquisition itself fails."
    severity = Severity.WARNING
    default = Default.ON
    trigger = ReleasedInFinally(tuple(sorted(_RELEASES)), tuple(sorted(_RELEASERS)))

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a ``finally``: the first name that does not exist hides what follows."""
        found = definitions(analysis.source)
        for function in found.functions_with(b"finally"):
            tries = [(node, list(_released(node, found.names))) for node in own_tries(function.node)]
            if not any(released for _, released in tries):
                continue
            known = {a.arg for a in walk(function.node.args) if isinstance(a, ast.arg)}
            binders: list[ast.AST] = []
            for node in own_nodes(function.node):
                if isinstance(node, (ast.Global, ast.Nonlocal)):
                    known.update(node.names)
                elif node.__class__ in _BINDERS:
                    binders.append(node)
            for each, released in tries:
                for name, call in released:
                    binder = None if name in known else _binder(name, each, binders)
                    if binder is not None:
                        message = f"`{name}` does not exist here if line {binder.lineno} raises"
                        yield function.symbol, call, message
                        break


_BINDERS = frozenset({
    ast.Name, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler,
    ast.MatchAs, ast.MatchStar,
})  # fmt: skip
"""What may bind a name."""


def _released(node: ast.Try, names: ModuleNames) -> Iterator[tuple[str, ast.Call]]:
    """The names that ``finally`` releases without asking anything first."""
    for statement in node.finalbody:
        if not isinstance(statement, ast.Expr):
            return  # what comes before may guard what follows
        call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        if not isinstance(call, ast.Call):
            continue
        if _RELEASERS & set(names.qualified(call.func)):
            if call.args and isinstance(call.args[0], ast.Name):
                yield call.args[0].id, call
            continue
        match call.func:
            case ast.Attribute(value=ast.Name(id=name), attr=method) if method in _RELEASES:
                yield name, call


def _binder(name: str, node: ast.Try, nodes: list[ast.AST]) -> ast.stmt | None:
    """The statement of the ``try`` body that first binds ``name``, when nothing outside that body does."""
    binding = [each for each in nodes if _binds(each, name)]
    if not binding:
        return None
    inside = {each for statement in node.body for each in own_nodes(statement)}
    if not inside.issuperset(binding):
        return None
    for statement in node.body:
        if any(_binds(each, name) for each in own_nodes(statement)):
            return statement if _may_raise(statement) else None
        if _may_raise(statement):
            return statement
    return None


def _binds(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Name(id=other, ctx=ast.Store()):
            return other == name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return any((alias.asname or alias.name.partition(".")[0]) == name for alias in aliases)
        case ast.FunctionDef(name=other) | ast.AsyncFunctionDef(name=other) | ast.ClassDef(name=other):
            return other == name
        case ast.ExceptHandler(name=other) | ast.MatchAs(name=other) | ast.MatchStar(name=other):
            return other == name
    return False


def _may_raise(statement: ast.stmt) -> bool:
    return any(isinstance(each, (ast.Call, ast.Await, ast.Raise, ast.Assert)) for each in own_nodes(statement))
