"""``with`` where only ``async with`` can enter becomes that, and the other way round."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import OtherBlock, Proposal, Refused


def propose(case: Case) -> Proposal:
    """Enter by the other block: as it is, the statement only fails.

    Raises:
        Refused: the block enters something else, too.
    """
    entered = case.places.at(case.finding.span, ast.expr)
    statement = case.places.statement(entered)
    if not isinstance(statement, (ast.With, ast.AsyncWith)) or len(statement.items) != 1:
        raise Refused("the block enters something else, too")
    if statement.items[0].context_expr is not entered:
        raise Refused("the block does not enter it itself")
    asynchronous = isinstance(statement, ast.With)
    if asynchronous and not isinstance(case.places.function(statement), ast.AsyncFunctionDef):
        raise Refused("it needs an asynchronous function")
    word = "async with" if asynchronous else "with"
    return Proposal(f"Enter it by `{word}`", (OtherBlock(statement, asynchronous),))
