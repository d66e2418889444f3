"""What rules about caches share: which decorators cache, and whether they have a bound."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator

from memlint.rules.definitions import FunctionNode, decorators
from memlint.source.names import ModuleNames


class Bound(enum.Enum):
    """How many results a caching decorator keeps."""

    NONE = "every result"
    SOME = "a number of results"


def caching(node: FunctionNode, names: ModuleNames) -> Iterator[tuple[str, ast.expr, Bound]]:
    """The decorators of ``functools`` that make ``node`` keep its results: name, expression, bound."""
    for name, decorator in decorators(node, names):
        if name == "functools.cache":
            yield "cache", decorator, Bound.NONE
        elif name == "functools.lru_cache":
            yield "lru_cache", decorator, _bound(decorator)


def _bound(decorator: ast.expr) -> Bound:
    if not isinstance(decorator, ast.Call):
        return Bound.SOME
    sizes = [*decorator.args[:1], *(k.value for k in decorator.keywords if k.arg == "maxsize")]
    unbounded = any(isinstance(size, ast.Constant) and size.value is None for size in sizes)
    return Bound.NONE if unbounded else Bound.SOME
