"""``f = open(p)`` and what follows up to the last use becomes ``with open(p) as f:``."""

from __future__ import annotations

import ast

from memlint.catalogue.model import Category
from memlint.fixes.blocks import Way, enclose, way
from memlint.fixes.case import Case
from memlint.fixes.lifetime import Lifetime, lifetime
from memlint.fixes.proposal import Item, NotForThis, Proposal, Refused


def propose(case: Case) -> Proposal:
    """Acquire in a block.

    Raises:
        Refused: the resource outlives every block, or no block releases it.
    """
    if case.kind.category is Category.LOCK:
        raise NotForThis("a lock has no variable of its own")
    statement = case.places.statement(case.call)
    name = bound_name(case, statement)
    manner = way(case)
    life = lifetime(case, statement, name)
    if case.kind.category is Category.PROCESS and life.release is None and life.closing is None:
        raise Refused("a block would wait for the process, and nothing here does")
    declares = None
    if isinstance(statement, ast.AnnAssign):
        declares = f"{name}: {ast.get_source_segment(case.source.text, statement.annotation)}"
    operations = enclose(case, life, Item(case.alone, name, manner.wrapper), manner, declares)
    return Proposal(f"Hold it by {manner.words}", operations, doubts(life, manner))


def doubts(life: Lifetime, manner: Way) -> tuple[str, ...]:
    """Why a block may change what the program does."""
    return (*life.doubts, *([manner.doubt] if manner.doubt else []))


def bound_name(case: Case, statement: ast.stmt) -> str:
    """The variable that the whole statement binds to what is acquired.

    Raises:
        Refused: it does something else.
    """
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is case.value:
            return name
        case ast.AnnAssign(target=ast.Name(id=name), simple=1, value=value) if value is case.value:
            return name
    raise Refused("it is not simply bound to a variable")
