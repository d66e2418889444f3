"""MEM303 cleanup-chain-broken."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Function, StructureRule, definitions, own_nodes
from memlint.source.names import ModuleNames

_RELEASES = frozenset({
    "aclose", "close", "disconnect", "kill", "logout", "quit", "server_close", "shutdown", "stop", "terminate",
    "unlink", "wait_closed",
})  # fmt: skip
_RELEASING = re.compile(
    r"a?close|stop|shutdown|disconnect|terminate|cleanup|clean_up|__a?exit__|tearDown(Class|Module)?|teardown\w*"
)


class CleanupChainBroken(StructureRule):
    """Two releases in a row, of which the first may raise."""

    code = "MEM303"
    name = "cleanup-chain-broken"
    summary = "A release that raises keeps the next one from running."
    trigger = re.compile(rb"\.(?:a?close|disconnect|kill|logout|quit|shutdown|stop|terminate|unlink)\s*\(")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a chain, at the release that may break it."""
        found = definitions(analysis.source)
        for function in found.functions:
            for body in _chains(function):
                links = [link for each in body if (link := _link(each, function, found.names)) is not None]
                for first, second in itertools.pairwise(links):
                    if first[0] != second[0]:
                        line = second[1].lineno
                        yield function.symbol, first[1], f"`{second[0]}` at line {line} stays held if this raises"
                        break


def _chains(function: Function) -> Iterator[list[ast.stmt]]:
    """The statement lists whose work is to release: every ``finally``, and the body of a method that closes."""
    for node in own_nodes(function.node):
        if isinstance(node, ast.Try) and node.finalbody:
            yield node.finalbody
    if function.owner is not None and _RELEASING.fullmatch(function.node.name):
        yield function.node.body


def _link(statement: ast.stmt, function: Function, names: ModuleNames) -> tuple[str, ast.Call] | None:
    """What a statement releases: directly, or when it is there (``if self.f: self.f.close()``)."""
    if isinstance(statement, ast.If) and not statement.orelse and len(statement.body) == 1:
        return _link(statement.body[0], function, names)
    if not isinstance(statement, ast.Expr):
        return None
    call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() as owner, attr=method)):
            own = isinstance(owner, ast.Name) and owner.id == function.receiver
            if method in _RELEASES and not own and not names.qualified(owner):
                return ast.unparse(owner), call
    return None
