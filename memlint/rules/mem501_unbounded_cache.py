"""MEM501 unbounded-cache."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.caching import Bound, caching
from memlint.rules.definitions import Function, StructureRule, definitions

_OPEN = frozenset({"bytes", "float", "int", "object", "Any", "Path", "PurePath", "datetime", "Decimal", "UUID"})
"""Annotations of parameters that can have any number of values in a run."""
_OPEN_NAMES = ("text", "query", "url", "uri", "path", "message", "body", "line", "sentence", "prompt", "user", "token")
"""Last words of parameter names that promise as much of a ``str``."""


class UnboundedCache(StructureRule):
    """A module-level function keeps the result of every argument that it was ever given."""

    code = "MEM501"
    name = "unbounded-cache"
    summary = "A cache without a bound keeps a result for every argument it was ever given."
    trigger = re.compile(rb"\bcache\b|\blru_cache\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a function whose parameters can have any number of values."""
        found = definitions(analysis.source)
        for function in found.functions:
            if function.nested or function.owner is not None:
                continue
            parameter = _open_parameter(function)
            if parameter is None:
                continue
            for name, decorator, bound in caching(function.node, found.names):
                if bound is Bound.NONE:
                    message = f"`{name}` without a bound keeps a result for every `{parameter}`"
                    yield function.symbol, decorator, message


def _open_parameter(function: Function) -> str | None:
    """The first parameter whose values nothing limits."""
    arguments = function.node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        names = (
            {each.id for each in ast.walk(argument.annotation) if isinstance(each, ast.Name)}
            if (argument.annotation)
            else {"str"}
        )
        last = argument.arg.rpartition("_")[2]
        if names & _OPEN or ("str" in names and last.endswith(_OPEN_NAMES)):
            return argument.arg
    return None
