"""MEM307 swallowed-release-error."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from memlint.flow.analysis import Analysis
from memlint.rules.definitions import StructureRule, definitions, own_nodes
from memlint.source.names import ModuleNames

_RELEASES = frozenset({
    "aclose", "close", "disconnect", "logout", "quit", "release", "shutdown", "stop", "terminate", "wait_closed",
})  # fmt: skip


class SwallowedReleaseError(StructureRule):
    """A handler around an awaited release that catches everything catches the cancellation too."""

    code = "MEM307"
    name = "swallowed-release-error"
    summary = "A handler that catches everything around a release swallows cancellation and interrupts with it."
    trigger = re.compile(rb"\bexcept\s*:|\bBaseException\b")

    def places(self, analysis: Analysis) -> Iterator[tuple[str, ast.AST, str]]:
        """One finding a handler."""
        found = definitions(analysis.source)
        for function in found.functions:
            if function.node.name == "__del__":
                continue  # nothing leaves a destructor anyway
            for node in own_nodes(function.node):
                release = _release(node) if isinstance(node, ast.Try) else None
                if release is None or not isinstance(node, ast.Try):
                    continue
                for handler in node.handlers:
                    if _catches_all(handler, found.names) and not _goes_on(handler):
                        text = f"`{ast.unparse(release.func)}()` is interrupted or cancelled, and nobody learns of it"
                        yield function.symbol, handler, text


def _release(node: ast.Try) -> ast.Call | None:
    """The release that is all that a ``try`` does."""
    releases: list[ast.Call] = []
    for statement in node.body:
        if not isinstance(statement, ast.Expr):
            return None
        call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        match call:
            case ast.Call(func=ast.Attribute(attr=method)) if method in _RELEASES:
                releases.append(call)
            case _:
                return None
    return releases[0] if releases else None


def _catches_all(handler: ast.ExceptHandler, names: ModuleNames) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any("builtins.BaseException" in names.qualified(each) for each in types)


def _goes_on(handler: ast.ExceptHandler) -> bool:
    """Whether the handler raises again, or keeps the exception for somebody."""
    for statement in handler.body:
        for node in own_nodes(statement):
            if isinstance(node, ast.Raise) or (isinstance(node, ast.Name) and node.id == handler.name):
                return True
    return False
