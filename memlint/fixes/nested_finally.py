"""Clean-up that a failure before it would skip goes into ``finally``."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.lifetime import own
from memlint.fixes.places import Spot, binds
from memlint.fixes.proposal import Finally, Proposal, Refused, Wrap


def after_yield(case: Case) -> Proposal:
    """What follows the ``yield`` of a context manager runs when the block raises, too.

    Raises:
        Refused: what follows stands elsewhere, or leaves the function itself.
    """
    place = case.places.at(case.finding.span, ast.Yield)
    spot = case.places.spot(case.places.statement(place))
    rest = _rest(spot)
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for each in rest for node in own(each)):
        raise Refused("it yields again")
    return Proposal("Clean up in finally", (_wrap(spot, rest),),
                    ("what follows the yield also runs when the block raises",))  # fmt: skip


def next_release(case: Case) -> Proposal:
    """A release runs even where the one before it raises.

    Raises:
        Refused: what follows cannot be moved.
    """
    call = case.places.at(case.finding.span, ast.Call)
    statement = case.places.statement(call)
    owner = case.places.parent(statement)
    while isinstance(owner, ast.If):
        statement, owner = owner, case.places.parent(owner)
    spot = case.places.spot(statement)
    rest = _rest(spot)
    if isinstance(spot.owner, ast.Try):
        body = spot.owner.body
        for name in (each.id for each in ast.walk(call) if isinstance(each, ast.Name)):
            if any(binds(each, name) for each in body):
                raise Refused(f"`{name}` may not be bound when finally runs")
    plain = all(isinstance(each, (ast.Expr, ast.If)) for each in rest)
    doubts = () if plain else ("what follows does more than release",)
    return Proposal("Let the next release run whatever this one does", (_wrap(spot, rest),), doubts)


def _rest(spot: Spot) -> tuple[ast.stmt, ...]:
    rest = tuple(spot.block[spot.index + 1 :])
    if not rest:
        raise Refused("what is skipped stands in another block")
    nodes = [node for each in rest for node in own(each)]
    if any(isinstance(node, (ast.Return, ast.Break, ast.Continue)) for node in nodes):
        raise Refused("what follows leaves the function itself, which would hide the error")
    bound = {n.id for n in own(spot.block[spot.index]) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if any(isinstance(node, ast.Name) and node.id in bound for node in nodes):
        raise Refused("what follows needs what this statement gives")
    return rest


def _wrap(spot: Spot, rest: tuple[ast.stmt, ...]) -> Wrap:
    return Wrap((spot.block[spot.index], *rest), Finally(rest), drops=rest)
