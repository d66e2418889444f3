"""A generator that a loop leaves early is closed behind the loop."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import Block, Item, Proposal, Refused, ReplaceExpression, Wrap


def propose(case: Case) -> Proposal:
    """Loop over it in ``async with aclosing(...)``.

    Raises:
        Refused: the finding is about the generator itself.
    """
    call = case.places.at(case.finding.span, ast.expr)
    loop = case.places.parent(call)
    if not isinstance(loop, ast.AsyncFor) or loop.iter is not call:
        raise Refused("it is for the generator's callers to close it")
    function = case.places.function(loop)
    if function is None:
        raise Refused("the loop is in no function")
    spelled, operations = case.spelled("contextlib.aclosing")
    name = case.places.fresh("items", function)
    block = Wrap((loop,), Block((Item(call, name, spelled),), asynchronous=True))
    return Proposal("Close the generator behind the loop", (*operations, ReplaceExpression(call, name), block),
                    ("the generator's clean-up runs here and may raise here",))  # fmt: skip
