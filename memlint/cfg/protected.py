"""``try``, ``with`` and ``finally``: where exceptions land, and what runs on the way out.

A ``finally`` body is copied once for each continuation (normal end, exception, ``return``, each ``break`` and
``continue`` target) and each copy is left by the continuation that entered it.  One shared copy would join paths
that never meet, which is the classic source of false alarms.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from memlint.cfg.expressions import ExpressionBuilder
from memlint.cfg.graph import Block
from memlint.cfg.instructions import (
    Bind,
    Catch,
    Clause,
    Dispatch,
    EndStatement,
    Enter,
    Exit,
    Forget,
    Move,
    Opaque,
    Resume,
    Unbind,
)


@dataclass(slots=True)
class Protection:
    """A ``with`` or ``finally`` that is open here; leaving it runs its cleanup."""

    landing: int
    depth: int
    node: ast.AST
    final: list[ast.stmt] | None = None
    manager: int | None = None
    asynchronous: bool = False
    copies: dict[object, Block] = field(default_factory=dict)
    """The cleanup's copies, by continuation."""


@dataclass(slots=True)
class Loop:
    """A loop that is open here."""

    after: Block
    head: Block


class ProtectedBuilder(ExpressionBuilder):
    """The middle of the builder: statements that protect a body."""

    def __init__(self, largest: int) -> None:
        super().__init__(largest)
        self.open: list[Protection | Loop] = []
        self.loops: list[tuple[int, int]] = []

    def statements(self, body: list[ast.stmt]) -> None:
        """Emit a list of statements (the upper half of the builder knows how)."""
        raise NotImplementedError

    def unwind(self, stop: int, continuation: object, target: Block) -> None:
        """Leave every open protection above index ``stop``, innermost first, then go to ``target``."""
        index = len(self.open) - 1
        while index >= stop and isinstance(self.open[index], Loop):
            index -= 1
        if index < stop:
            self.jump(target)
            return
        protection = self.open[index]
        assert isinstance(protection, Protection)
        known = protection.copies.get(continuation)
        if known is not None:
            self.jump(known)
            return
        outside = (self.open, self.landing, self.depth)
        self.open = self.open[:index]
        self.landing, self.depth = protection.landing, protection.depth
        copy = self.new_block()
        protection.copies[continuation] = copy
        self.jump(copy)
        self.block = copy
        self._cleanup(protection)
        self.unwind(stop, continuation, target)
        self.open, self.landing, self.depth = outside

    def _cleanup(self, protection: Protection) -> None:
        if protection.final is not None:
            self._clean_up(protection.final)
        elif protection.manager is not None:
            self.emit(Exit(protection.node, protection.manager, protection.asynchronous))
            self.emit(Forget(protection.node, protection.manager))

    def _clean_up(self, body: list[ast.stmt]) -> None:
        outside, self.cleanup = self.cleanup, True
        self._continue_under(self.landing)
        self.statements(body)
        self.cleanup = outside
        self._continue_under(self.landing)

    # --- with ----------------------------------------------------------------------------------------------------

    def with_items(self, node: ast.With | ast.AsyncWith, items: list[ast.withitem]) -> None:
        """Emit ``with`` items from the first to the last, then the body."""
        if not items:
            self.statements(node.body)
            return
        item, asynchronous = items[0], isinstance(node, ast.AsyncWith)
        manager = self.pinned()
        self.emit(Move(item.context_expr, manager, self.value(item.context_expr)))
        entered = self.temporary()
        self.emit(Enter(item.context_expr, entered, manager, asynchronous))
        after = self.new_block()
        protection = Protection(self.landing, self.depth, item.context_expr, manager=manager, asynchronous=asynchronous)
        landing = self._exceptional(protection, after)
        self.open.append(protection)
        self._continue_under(landing)
        if item.optional_vars is not None:
            self.assign(item.optional_vars, entered)
        self.emit(EndStatement(item.context_expr))
        self.with_items(node, items[1:])
        self.open.pop()
        self._continue_under(protection.landing)
        self._cleanup(protection)
        self.jump(after)
        self.block = after

    def _continue_under(self, landing: int) -> None:
        """Go on in a new block whose exceptions land at ``landing``."""
        self.landing = landing
        block = self.new_block()
        self.jump(block)
        self.block = block

    def _exceptional(self, protection: Protection, swallowed: Block | None) -> int:
        """The copy of a cleanup that an exception enters; returns its block's number."""
        outside = self.block
        entry = self.block = self.new_block()
        self.emit(Catch(protection.node))
        self.depth += 1
        self._continue_under(self.landing)
        if protection.manager is not None:
            self.emit(Exit(protection.node, protection.manager, protection.asynchronous))
        else:
            self._cleanup(protection)
        self.close(Resume(protection.node, protection.manager, None if swallowed is None else swallowed.number))
        self.depth -= 1
        self.block = outside
        return entry.number

    # --- try -----------------------------------------------------------------------------------------------------

    def try_statement(self, node: ast.Try | ast.TryStar) -> None:
        """Emit a ``try`` with its handlers, ``else`` and ``finally``."""
        after = self.new_block()
        protection = None
        outer = self.landing
        if node.finalbody:
            protection = Protection(self.landing, self.depth, node.finalbody[0], final=node.finalbody)
            self.landing = self._exceptional(protection, None)
            self.open.append(protection)
        joined = self.new_block()
        self._guarded(node, joined)
        self.landing = outer
        self.block = joined
        if protection is not None:
            self.open.pop()
            self._continue_under(outer)
            self._clean_up(node.finalbody)
        self.jump(after)
        self.block = after

    def _guarded(self, node: ast.Try | ast.TryStar, joined: Block) -> None:
        unmatched = self.landing
        if not node.handlers:
            self._continue_under(unmatched)
            self.statements([*node.body, *node.orelse])
            self.jump(joined)
            return
        start, dispatch = self.block, self.new_block()
        clauses = [self._handler(handler, joined) for handler in node.handlers]
        dispatch.end = Dispatch(tuple(clauses), unmatched)
        self.block = start
        self._continue_under(dispatch.number)
        self.statements(node.body)
        self._continue_under(unmatched)
        self.statements(node.orelse)
        self.jump(joined)

    def _handler(self, handler: ast.ExceptHandler, joined: Block) -> Clause:
        entry = self.block = self.new_block()
        self.emit(Catch(handler))
        self.depth += 1
        outside, self.cleanup = self.cleanup, True
        self._continue_under(self.landing)
        if handler.name is not None:
            place = self.temporary()
            self.emit(Opaque(handler, place))
            self.emit(Bind(handler, handler.name, place))
            self.emit(EndStatement(handler))
        self.statements(handler.body)
        if handler.name is not None:
            self.emit(Unbind(handler, handler.name))
        self.depth -= 1
        self.cleanup = outside
        self.jump(joined)
        classes: tuple[ast.expr, ...] | None = None
        if isinstance(handler.type, ast.Tuple):
            classes = tuple(handler.type.elts)
        elif handler.type is not None:
            classes = (handler.type,)
        return Clause(handler, classes, entry.number)
