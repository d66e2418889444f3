"""Failures that nobody holds against a resource: places where the code that would release it could not stand.

Three shapes.  The steps of a comprehension that is returned as it is, for what an earlier turn of it acquired: there
is no name by which to release it.  What works out the arguments of the wait for a process: the wait is the next thing
that happens.  And the body of a loop that polls a process: the loop is how the process is watched.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from memlint.catalogue.model import Category
from memlint.flow.sites import Site
from memlint.source.walk import walk

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Leeway:
    """The forgiven steps of one function, found when they are first asked for."""

    function: ast.AST
    _comprehensions: list[frozenset[int]] | None = None
    """The nodes of each returned comprehension, by identity."""
    _waiting: set[int] = field(default_factory=set)
    """The nodes in the arguments of waits, and in loops that poll."""

    def forgives(self, site: Site, raiser: ast.AST) -> bool:
        """Whether what was acquired at ``site`` may be lost when ``raiser`` fails."""
        if self._comprehensions is None:
            self._comprehensions = []
            self._look()
        if site.kind.category is Category.PROCESS and id(raiser) in self._waiting:
            return True
        return any(id(raiser) in nodes and id(site.node) in nodes for nodes in self._comprehensions)

    def _look(self) -> None:
        assert self._comprehensions is not None
        for node in walk(self.function):
            if isinstance(node, ast.Return) and isinstance(node.value, _COMPREHENSIONS):
                self._comprehensions.append(frozenset(id(each) for each in walk(node.value)))
            elif isinstance(node, ast.Call) and _word(node) == "communicate":
                self._waiting.update(id(each) for part in _handed(node) for each in walk(part))
            elif isinstance(node, ast.While) and any(
                isinstance(each, ast.Call) and _word(each) == "poll" for each in walk(node)
            ):
                self._waiting.update(id(each) for each in walk(node))


def _handed(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    for keyword in call.keywords:
        yield keyword.value


def _word(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""
