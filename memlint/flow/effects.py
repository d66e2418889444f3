"""From a function that was followed to what its callers are told."""

from __future__ import annotations

import ast

from memlint.cfg.graph import CodeNode
from memlint.flow.machine import Machine
from memlint.flow.sites import Fate
from memlint.flow.solver import Solver
from memlint.flow.state import Status
from memlint.flow.summaries import Effect, Given
from memlint.flow.values import Handle, Value, View
from memlint.source.walk import statements


def effect_of(solver: Solver, machine: Machine, handle: Handle) -> Effect:
    """What became of a resource that was passed as a parameter, on all paths together."""
    record = machine.records[handle.site]
    if Fate.TRANSFERRED in record.outcomes:
        returned = [state.returning for state, raised in solver.ended if not raised]
        if returned and all(value == handle for value in returned):
            return Effect.RETURNS
        statuses = {state.status.get(handle) for state, raised in solver.ended if not raised}
        released = any(state.status.get(handle) is Status.RELEASED for state, _ in solver.ended)
        lent = Status.LENT in statuses and statuses <= {Status.LENT, Status.HELD}
        return Effect.LENDS if lent and not released else Effect.TAKES
    if Fate.RELEASED not in record.outcomes:
        if any(_views(state.returning, handle) for state, raised in solver.ended if not raised):
            return Effect.VIEWS
        return Effect.BORROWS
    kept = [f for f in (Fate.UNRELEASED, Fate.DISCARDED, Fate.REPLACED) if f in record.outcomes]
    if kept:
        return Effect.TAKES  # released on some paths only: its caller cannot be judged by it
    return Effect.RELEASES if Fate.RAISED not in record.outcomes else Effect.RELEASES_UNLESS_RAISED


def _views(value: Value | None, handle: Handle) -> bool:
    return isinstance(value, View) and (value.of == handle or _views(value.of, handle))


def always_gives(node: CodeNode, machine: Machine) -> bool:
    """Whether every return that gives anything but None gives a resource: else callers cannot tell what they got."""
    if machine.giving & machine.withholding or isinstance(node, (ast.Lambda, ast.Module)):
        return False
    for each in statements(node.body, nested=False) if machine.returned else ():
        value = each.value if isinstance(each, ast.Return) and id(each) not in machine.giving else None
        if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            return False
    return True


def consistent(gives: tuple[Given, ...]) -> tuple[Given, ...]:
    """One resource a position: a function that gives this or that gives what it gives first."""
    seen: dict[int | None, Given] = {}
    for given in gives:
        seen.setdefault(given.position, given)
    if None in seen:
        return (seen[None],)
    return tuple(seen.values())
