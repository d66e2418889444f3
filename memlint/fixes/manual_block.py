"""``context.__enter__()`` up to ``context.__exit__(None, None, None)`` becomes ``with context:``."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.lifetime import own
from memlint.fixes.proposal import Block, Item, Proposal, Refused, Wrap

_LEAVES = {"__enter__": "__exit__", "__aenter__": "__aexit__"}


def propose(case: Case) -> Proposal:
    """Enter by a block.

    Raises:
        Refused: it is not left further down in the same block, once.
    """
    call = case.places.at(case.finding.span, ast.Call)
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _LEAVES or call.args or call.keywords:
        raise Refused("it is not entered by a plain call")
    owner = call.func.value
    if not all(isinstance(each, (ast.Name, ast.Attribute, ast.Load)) for each in ast.walk(owner)):
        raise Refused("what is entered is looked up anew each time")
    context, leave = ast.unparse(owner), _LEAVES[call.func.attr]
    asynchronous = leave == "__aexit__"
    outer = case.places.parent(call)
    value = outer if asynchronous and isinstance(outer, ast.Await) else call
    statement = case.places.statement(call)
    name = _bound(statement, value)
    spot = case.places.spot(statement)
    rest = spot.block[spot.index + 1 :]
    end = next((n for n, each in enumerate(rest) if _left(each, context, leave, asynchronous)), None)
    if end is None:
        raise Refused(f"`{context}.{leave}()` does not stand in the same block")
    inside = tuple(rest[: end + 1])
    if any(isinstance(n, ast.Attribute) and n.attr == leave for each in inside[:-1] for n in own(each)):
        raise Refused("it is left in more than one place")
    wrap = Wrap(inside, Block((Item(context, name),), asynchronous), statement, drops=(inside[-1],))
    word = "async with" if asynchronous else "with"
    return Proposal(f"Enter it by `{word}`", (wrap,), ("it learns of an error now, and may swallow it",))


def _bound(statement: ast.stmt, value: ast.expr) -> str | None:
    match statement:
        case ast.Expr(value=entered) if entered is value:
            return None
        case ast.Assign(targets=[ast.Name(id=name)], value=entered) if entered is value:
            return name
    raise Refused("it is entered in the middle of a statement")


def _left(statement: ast.stmt, context: str, leave: str, asynchronous: bool) -> bool:
    """Whether a statement leaves the context, and tells it of no error."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    if asynchronous and isinstance(value, ast.Await):
        value = value.value
    match value:
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[_, _, _] as told, keywords=[]):
            nothing = all(isinstance(each, ast.Constant) and each.value is None for each in told)
            return nothing and method == leave and ast.unparse(owner) == context
    return False
