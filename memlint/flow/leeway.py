"""Failures that nobody holds against a resource: places where the code that would release it could not stand.

Four shapes.  The steps of a comprehension that is returned as it is, for what an earlier turn of it acquired: there
is no name by which to release it.  What works out the arguments of the wait for a process: the wait is the next thing
that happens.  The body of a loop that polls a process: the loop is how the process is watched.  And what is done
when a count of failures says that every turn of a loop has failed: then no turn has acquired anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from memlint.catalogue.model import Category
from memlint.flow.sites import Site
from memlint.source.walk import statements, walk

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Leeway:
    """The forgiven steps of one function, found when they are first asked for."""

    function: ast.AST
    watches: bool = False
    """Whether a process is started in it: only for one is what belongs to a wait looked for."""
    _comprehensions: list[frozenset[int]] | None = None
    """The nodes of each returned comprehension, by identity."""
    _waiting: frozenset[int] | None = None
    """The nodes in the arguments of waits, and in loops that poll."""
    _hopeless: list[tuple[frozenset[int], frozenset[int]]] = field(default_factory=list)
    """The nodes of each loop that counts its failures, and those that are run when all its turns have failed."""
    _known: set[int] = field(default_factory=set)
    """All nodes whose failure is forgiven to anything."""

    def knows(self, raiser: ast.AST) -> bool:
        """Whether anything at all may be lost when ``raiser`` fails."""
        if self._comprehensions is None:
            self._look()
        if self.watches and self._waiting is None:
            self._waiting = frozenset(_waiting(self.function))
            self._known |= self._waiting
        return id(raiser) in self._known

    def forgives(self, site: Site, raiser: ast.AST) -> bool:
        """Whether what was acquired at ``site`` may be lost when ``raiser`` fails."""
        if not self.knows(raiser):
            return False
        number = id(raiser)
        if site.kind.category is Category.PROCESS and number in (self._waiting or ()):
            return True
        return self.apart(site, raiser) or any(
            number in nodes and id(site.node) in nodes for nodes in self._comprehensions or ()
        )

    def apart(self, site: Site, raiser: ast.AST) -> bool:
        """Whether ``raiser`` is reached only when every turn of the loop around ``site`` has failed."""
        return self.knows(raiser) and any(id(site.node) in loop and id(raiser) in then for loop, then in self._hopeless)

    def _look(self) -> None:
        self._comprehensions = []
        for node in statements([self.function]):
            if isinstance(node, ast.Return) and isinstance(node.value, _COMPREHENSIONS):
                self._comprehensions.append(frozenset(id(each) for each in walk(node.value)))
            elif isinstance(node, (ast.For, ast.While)) and (counts := _counted_failures(node)):
                nodes = frozenset(id(each) for each in walk(node))
                for test in statements([self.function]):
                    if isinstance(test, ast.If) and id(test) not in nodes and _asks_for_length(test.test, counts):
                        then = frozenset(id(each) for part in test.body for each in walk(part))
                        self._hopeless.append((nodes, then))
        self._known.update(*self._comprehensions, *(then for _, then in self._hopeless))


def _waiting(function: ast.AST) -> Iterator[int]:
    """The nodes, by identity, in the arguments of waits for a process, and in loops that poll one."""
    for node in walk(function):
        if isinstance(node, ast.Call) and _word(node) == "communicate":
            yield from (id(each) for part in _handed(node) for each in walk(part))
        elif isinstance(node, ast.While) and any(
            isinstance(each, ast.Call) and _word(each) == "poll" for each in walk(node)
        ):
            yield from (id(each) for each in walk(node))


def _counted_failures(loop: ast.For | ast.While) -> frozenset[str]:
    """The containers to which the handlers of a loop add, and nothing else in it does."""
    handlers = [each for each in statements([loop]) if isinstance(each, ast.ExceptHandler)]
    handled = {id(each) for handler in handlers for each in walk(handler)}
    found: set[str] = set()
    others: set[str] = set()
    for node in walk(loop) if handlers else ():
        match node:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                (found if id(node) in handled else others).add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "add")):
                (found if id(node) in handled else others).add(name)
    return frozenset(found - others)


def _asks_for_length(test: ast.expr, names: frozenset[str]) -> bool:
    """Whether a test compares the length of one of the containers."""
    return isinstance(test, ast.Compare) and any(
        isinstance(side, ast.Call)
        and isinstance(side.func, ast.Name)
        and side.func.id == "len"
        and any(isinstance(each, ast.Name) and each.id in names for each in side.args)
        for side in (test.left, *test.comparators)
    )


def in_while(function: ast.AST, node: ast.AST) -> bool:
    """Whether a step stands in a ``while``."""
    return any(
        isinstance(loop, ast.While) and any(child is node for child in ast.walk(loop)) for loop in ast.walk(function)
    )


def _handed(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    for keyword in call.keywords:
        yield keyword.value


def _word(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""
