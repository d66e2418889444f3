"""MEM502 cache-on-method."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.findings import Severity
from memlint.flow.analysis import Analysis
from memlint.rules.caching import caching
from memlint.rules.definitions import Definitions, StructureRule, definitions
from memlint.source.walk import walk

_ETERNAL = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag", "builtins.type"})
"""Bases whose instances live as long as the process anyway: members and classes."""


class CacheOnMethod(StructureRule):
    """A cached method keeps every instance that it was called on."""

    code = "MEM502"
    name = "cache-on-method"
    summary = "A cache on a method keeps every instance that the method was called on."
    severity = Severity.WARNING
    trigger = re.compile(rb"\bcache\b|\blru_cache\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a caching decorator of an instance method."""
        found = definitions(analysis.source)
        for function in found.functions:
            receiver, owner = function.receiver, function.owner
            if receiver is None or owner is None or receiver in ("cls", "mcs", "mcls"):
                continue
            for name, decorator, _ in caching(function.node, found.names):
                if _eternal(owner, found) or _single(owner, found.tree) or _cleared(function.node.name, found):
                    continue
                message = f"`{name}` on a method keeps every `{receiver}` that it was called on"
                yield function.symbol, decorator, message


def _eternal(owner: ast.ClassDef, found: Definitions, depth: int = 4) -> bool:
    for base in owner.bases:
        for name in found.names.qualified(base):
            local = found.names.classes.get(name.removeprefix("__main__."))
            if name in _ETERNAL or (local is not None and depth and _eternal(local, found, depth - 1)):
                return True
    return False


def _single(owner: ast.ClassDef, tree: ast.Module) -> bool:
    """Whether the module makes its one instance itself: ``settings = Settings()`` and no other call."""
    made = [
        statement.value
        for statement in tree.body
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and _calls(statement.value, owner.name)
    ]
    return len(made) == 1 and sum(_calls(node, owner.name) for node in walk(tree)) == 1


def _calls(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _cleared(method: str, found: Definitions) -> bool:
    """Whether the file empties the method's cache somewhere."""
    return b"cache_clear" in found.source.calls.words and any(
        isinstance(node, ast.Attribute)
        and node.attr == "cache_clear"
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == method
        for node in walk(found.tree)
    )
