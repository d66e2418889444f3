"""An acquisition inside a ``try`` whose ``finally`` releases it moves in front of it."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.places import binds
from memlint.fixes.proposal import MoveBefore, Proposal, Refused


def propose(case: Case) -> Proposal:
    """Acquire first, then try.

    Raises:
        Refused: the ``try`` handles what the acquisition raises, or more than plain statements stand before it.
    """
    call = case.places.at(case.finding.span, ast.Call)
    block = _try(case, call)
    name = _released(call)
    if block.handlers:
        raise Refused("the try handles what the acquisition raises")
    place = next((n for n, each in enumerate(block.body) if binds(each, name)), None)
    if place is None:
        raise Refused(f"`{name}` is bound somewhere else")
    if not all(isinstance(each, (ast.Assign, ast.AnnAssign, ast.Expr)) for each in block.body[: place + 1]):
        raise Refused("more than plain statements stand before it")
    doubts = []
    if len(block.finalbody) > 1:
        doubts.append("the rest of finally does not run when the acquisition fails")
    if place and not isinstance(block.finalbody[0], ast.Expr):
        doubts.append("finally does not run when what stands before the acquisition fails")
    return Proposal("Acquire before the try", (MoveBefore(block, place + 1),), tuple(doubts))


def _try(case: Case, call: ast.Call) -> ast.Try:
    node: ast.AST = call
    for outer in case.places.around(call):
        if isinstance(outer, ast.Try) and node in outer.finalbody:
            return outer
        node = outer
    raise Refused("it is in no finally")


def _released(call: ast.Call) -> str:
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name)), args=_) if not call.args:
            return name
        case ast.Call(args=[ast.Name(id=name), *_]):
            return name
    raise Refused("what is released is no variable")
