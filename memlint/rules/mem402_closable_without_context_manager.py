"""MEM402 closable-without-context-manager."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.findings import Severity
from memlint.flow.analysis import Analysis
from memlint.rules.definitions import Class, Definitions, StructureRule, definitions
from memlint.rules.rule import Default

_CLOSES = {"close": "__enter__", "aclose": "__aenter__"}
"""Methods that release, each with the method that would let ``with`` call it."""


class ClosableWithoutContextManager(StructureRule):
    """A class that owns a resource and closes it cannot be used in ``with``."""

    code = "MEM402"
    name = "closable-without-context-manager"
    summary = "A class owns a resource and has a close method, but cannot be used in a with block."
    severity = Severity.NOTE
    default = Default.OFF
    trigger = re.compile(rb"\bdef\s+a?close\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a class, at the method that closes."""
        found = definitions(analysis.source)
        owners = {report.unit.owner for report in analysis.units if any(s.owner == "self" for s in report.stores)}
        for each in found.classes:
            if each.symbol not in owners or not _known_bases(each.node, found):
                continue
            for close, enter in _CLOSES.items():
                method = each.methods.get(close)
                if method is not None and not _has(each, {enter, "__enter__", "__aenter__"}, found):
                    yield each.symbol, method, f"`{each.node.name}` has {close}() and cannot be used in `with`"
                    break


def _known_bases(node: ast.ClassDef, found: Definitions) -> bool:
    """Whether every base is of this file (or ``object``): any other may be a context manager."""
    names = [name for base in node.bases for name in found.names.qualified(base) or ("unknown",)]
    return all(name == "builtins.object" or name.removeprefix("__main__.") in found.names.classes for name in names)


def _has(each: Class, wanted: set[str], found: Definitions) -> bool:
    """Whether the class or a base of it in this file has one of the methods."""
    waiting, seen = [each.node], set[str]()
    while waiting:
        node = waiting.pop()
        seen.add(node.name)
        if any(getattr(statement, "name", None) in wanted for statement in node.body):
            return True
        bases = (n.removeprefix("__main__.") for base in node.bases for n in found.names.qualified(base))
        waiting += [found.names.classes[n] for n in bases if n in found.names.classes and n not in seen]
    return False
