"""``with connect(p) as db:`` that only commits becomes ``with closing(connect(p)) as db, db:``."""

from __future__ import annotations

import ast

from memlint.catalogue.model import Context
from memlint.fixes.case import Case
from memlint.fixes.derived import Derived
from memlint.fixes.places import captured, names_read
from memlint.fixes.proposal import Item, JoinBlock, NotForThis, Proposal, Refused, ReplaceExpression


def propose(case: Case) -> Proposal:
    """Close it behind the block, which still does what it did.

    Raises:
        Refused: the block enters something else too, or what it entered is used behind it.
    """
    if case.kind.context is not Context.KEEPS or case.kind.release[:1] != ("close",):
        raise NotForThis(f"{case.kind.label} is closed by its block")
    statement = case.places.statement(case.call)
    match statement:
        case ast.With(items=[ast.withitem(context_expr=value, optional_vars=ast.Name(id=name))]):
            if value is not case.value:
                raise Refused("the block enters something else")
        case _:
            raise Refused("no block enters it alone")
    scope = case.function
    if captured(scope, name):
        raise Refused(f"a nested function uses `{name}`")
    derived = Derived(name, case.kind, case.catalogue, case.places.names)
    for each in statement.body:
        derived.read(each)
    inside = {id(node) for node in ast.walk(statement)}
    for needed in derived.needs:
        if any(id(node) not in inside and node.lineno > statement.lineno for node in names_read(scope, needed)):
            raise Refused(f"`{needed}` is used behind the block")
    if derived.leaves:
        raise Refused("what reads from it leaves the function")
    if derived.handed is not None or case.places.loops_around(statement, scope):
        doubts: tuple[str, ...] = ("what came from it may be used when it is closed",)
    else:
        doubts = ()
    closing, operations = case.spelled("contextlib.closing")
    enclosed = ReplaceExpression(case.value, f"{closing}({{}})")
    return Proposal("Close it behind the block", (*operations, enclosed, JoinBlock(statement, Item(name), ())), doubts)
