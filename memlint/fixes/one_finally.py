"""A release in a handler for everything and again behind the ``try`` becomes one in ``finally``."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.lifetime import own
from memlint.fixes.proposal import OneFinally, Proposal, Refused


def propose(case: Case) -> Proposal:
    """Release once, in ``finally``.

    Raises:
        Refused: the handler does more than release and raise again, or the other release is not the next thing.
    """
    call = case.places.at(case.finding.span, ast.Call)
    release = case.places.statement(call)
    handler = case.places.parent(release)
    block = case.places.parent(handler)
    if not isinstance(handler, ast.ExceptHandler) or not isinstance(block, ast.Try) or len(block.handlers) != 1:
        raise Refused("the release is in no handler for everything")
    again = handler.body[1:]
    if not (
        handler.body[0] is release and len(again) == 1 and isinstance(again[0], ast.Raise) and again[0].exc is None
    ):
        raise Refused("the handler does more than release and raise again")
    if handler.name is not None:
        raise Refused("the handler names the error")
    leaving = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)
    if any(isinstance(node, leaving) for each in block.body for node in own(each)):
        raise Refused("the try may be left without a release")
    spot = case.places.spot(block)
    text = ast.unparse(release)
    if not block.orelse and spot.index + 1 < len(spot.block) and _same(spot.block[spot.index + 1], text):
        return _proposal(OneFinally(block, spot.block[spot.index + 1]))
    if len(block.orelse) == 1 and _same(block.orelse[0], text):
        return _proposal(OneFinally(block, None))
    raise Refused("the other release is not the next thing that is done")


def _same(statement: ast.stmt, text: str) -> bool:
    return isinstance(statement, ast.Expr) and ast.unparse(statement) == text


def _proposal(operation: OneFinally) -> Proposal:
    return Proposal("Release it once, in finally", (operation,))
