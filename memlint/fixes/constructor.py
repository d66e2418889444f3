"""A constructor that fails after acquiring releases what nobody else could."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import OnError, Proposal, Refused, Wrap


def propose(case: Case) -> Proposal:
    """Release the field in ``except BaseException``, and raise again.

    Raises:
        Refused: the field is not stored by a statement of its own, or its release must be awaited.
    """
    statement = case.places.statement(case.call)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or statement.value is not case.value:
        raise Refused("the field is not stored by a statement of its own")
    field = statement.targets[0]
    if not isinstance(field, ast.Attribute):
        raise Refused("it is stored in no field")
    kind = case.kind
    if not kind.release or (kind.awaited_release and not isinstance(case.function, ast.AsyncFunctionDef)):
        raise Refused(f"how {kind.label} is released here is not known")
    spot = case.places.spot(statement)
    rest = tuple(spot.block[spot.index + 1 :])
    if not rest:
        raise Refused("what raises stands in another block")
    release = f"{'await ' if kind.awaited_release else ''}{ast.unparse(field)}.{kind.release[0]}()"
    return Proposal("Release it when the constructor fails", (Wrap(rest, OnError(release)),),
                    ("somebody else may have the object already",))  # fmt: skip
