"""MEM302 release-outside-finally."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from memlint.findings import Severity
from memlint.flow.analysis import Analysis
from memlint.rules.definitions import StructureRule, definitions, own_nodes
from memlint.rules.rule import Default
from memlint.source.names import ModuleNames

_RELEASES = frozenset({"aclose", "close", "disconnect", "release", "server_close", "shutdown", "stop", "unlink"})
_RELEASERS = frozenset({"os.close", "os.remove", "os.unlink", "shutil.rmtree"})
_ALL = frozenset({"BaseException", "Exception"})


class ReleaseOutsideFinally(StructureRule):
    """A handler for every error and the way without one release the same thing, each by itself."""

    code = "MEM302"
    name = "release-outside-finally"
    summary = "A resource is released once in a handler and once behind it, where one finally does both."
    severity: ClassVar[Severity] = Severity.NOTE
    default: ClassVar[Default] = Default.OFF
    trigger = re.compile(rb"except\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a ``try``, at the release in its handler."""
        found = definitions(analysis.source)
        for function in found.functions:
            for block in _blocks(function.node):
                for index, statement in enumerate(block):
                    if isinstance(statement, ast.Try) and not statement.finalbody:
                        behind = block[index + 1 : index + 2]
                        for name, call, line in _twice(statement, behind, found.names):
                            yield (
                                function.symbol,
                                call,
                                f"`{name}` is released here and at line {line}, instead of once",
                            )


def _blocks(function: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in own_nodes(function):
        for part in ("body", "orelse", "finalbody"):
            block = getattr(node, part, None)
            if isinstance(block, list):
                yield block


def _twice(statement: ast.Try, behind: Sequence[ast.stmt], names: ModuleNames) -> Iterator[tuple[str, ast.Call, int]]:
    """What a handler that catches everything releases before it leaves, and the other way releases too."""
    if len(statement.handlers) != 1:
        return
    handler = statement.handlers[0]
    everything = handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id in _ALL)
    if not everything or not isinstance(handler.body[-1], (ast.Raise, ast.Return)):
        return
    normal = dict(_released([*statement.body[-1:], *statement.orelse, *behind], names))
    for name, call in _released(handler.body[:2], names):
        if name in normal:
            yield name, call, normal[name].lineno


def _released(statements: Sequence[ast.stmt], names: ModuleNames) -> Iterator[tuple[str, ast.Call]]:
    for statement in statements:
        value = statement.value if isinstance(statement, ast.Expr) else None
        value = value.value if isinstance(value, ast.Await) else value
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), args=[]) if method in _RELEASES:
                yield name, value
            case ast.Call(func=func, args=[ast.Name(id=name)]) if _RELEASERS & set(names.qualified(func)):
                yield name, value
