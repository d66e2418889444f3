"""MEM504 mutable-default-growth."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from memlint.findings import Finding, Severity
from memlint.flow.analysis import Analysis
from memlint.flow.growth import ADDS, container, insertions, removes
from memlint.rules.defaults import DefaultThatGrows
from memlint.rules.definitions import Function, StructureRule, definitions, own_nodes
from memlint.rules.rule import Default

_MEMO = re.compile(r"`_*(?:cache|memo|registry)_*`|`_\w*(?:cache|memo)`", re.IGNORECASE)
"""Names that say that one container for all calls is what is wanted."""


class MutableDefaultGrowth(StructureRule):
    """A parameter's default container is added to by the function."""

    code = "MEM504"
    name = "mutable-default-growth"
    summary = "A default argument is one container for all calls, and the function adds to it."
    severity = Severity.WARNING
    default = Default.ON
    trigger = DefaultThatGrows(tuple(sorted(ADDS)))

    def check(self, analysis: Analysis) -> Iterator[Finding]:
        """A default that is called a cache is one on purpose: only previews show that it has no bound."""
        for finding in super().check(analysis):
            yield replace(finding, preview=True) if _MEMO.match(finding.message) else finding

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a parameter, at the default."""
        found = definitions(analysis.source)
        for function in found.functions:
            if function.nested:
                continue  # its defaults live no longer than the function around it
            for parameter, default in _defaults(function):
                if container(default, found.names) is None:
                    continue
                nodes = list(own_nodes(function.node))
                if any(_rebinds(node, parameter) or removes(node, parameter) for node in nodes):
                    continue
                grows = next((each for each in insertions(nodes, parameter) if each.varies), None)
                if grows is not None:
                    message = f"`{parameter}` is one container for all calls, and line {grows.line} adds to it"
                    yield function.symbol, default, message


def _defaults(function: Function) -> Iterator[tuple[str, ast.expr]]:
    arguments = function.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    last = positional[len(positional) - len(arguments.defaults) :]
    yield from zip((a.arg for a in last), arguments.defaults, strict=True)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield argument.arg, default


def _rebinds(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
