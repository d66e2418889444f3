"""MEM407 manual-enter-exit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Function, StructureRule, definitions, own_nodes

_ENTERS = {"__enter__": "__exit__", "__aenter__": "__aexit__"}
_BUILDS = re.compile(r"__a?enter__|enter\w*|_enter\w*|setUp\w*|setup\w*|__call__")
"""Methods that enter on behalf of whoever calls their counterpart."""


class ManualEnterExit(StructureRule):
    """A context is entered by hand and not left in ``finally``."""

    code = "MEM407"
    name = "manual-enter-exit"
    summary = "A context is entered by hand, and nothing makes sure that it is left."
    trigger = re.compile(rb"\.__a?enter__\s*\(")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a call of ``__enter__``."""
        for function in definitions(analysis.source).functions:
            if _BUILDS.fullmatch(function.node.name):
                continue
            nodes = list(own_nodes(function.node))
            for node in nodes:
                match node:
                    case ast.Call(func=ast.Attribute(value=owner, attr=enter)) if enter in _ENTERS:
                        name = ast.unparse(owner)
                        if name in ("super()", function.receiver) or _left(name, _ENTERS[enter], nodes, function):
                            continue
                        yield function.symbol, node, f"`{name}` is entered by hand, and not left if something raises"


def _left(name: str, leave: str, nodes: list[ast.AST], function: Function) -> bool:
    """Whether ``finally`` or a handler leaves the context, or another method of the class does."""
    for node in nodes:
        if isinstance(node, ast.Try):
            cleanup = [*node.finalbody, *(s for handler in node.handlers for s in handler.body)]
            if any(_calls(each, name, leave) for statement in cleanup for each in ast.walk(statement)):
                return True
    if "." not in name:
        return any(isinstance(n, ast.Attribute) and n.attr == leave and not _called(n, nodes) for n in nodes)
    methods = function.owner.body if function.owner is not None else ()
    return any(_calls(each, name, leave) for method in methods for each in ast.walk(method))


def _calls(node: ast.AST, name: str, leave: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == leave and ast.unparse(node.value) == name


def _called(attribute: ast.Attribute, nodes: list[ast.AST]) -> bool:
    return any(isinstance(node, ast.Call) and node.func is attribute for node in nodes)
