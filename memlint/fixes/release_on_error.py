"""A function that hands over what it acquired releases it when it fails before."""

from __future__ import annotations

import ast

from memlint.catalogue.model import Category
from memlint.fixes.case import Case
from memlint.fixes.kinds import PLAIN
from memlint.fixes.places import binds, captured, names_read
from memlint.fixes.proposal import OnError, Proposal, Refused, Wrap
from memlint.fixes.try_finally import release_text, released_elsewhere, target
from memlint.flow.sites import Fate


def propose(case: Case) -> Proposal:
    """Release it in ``except BaseException``, and raise again.

    Raises:
        Refused: no statement of its block hands it over.
    """
    if Fate.TRANSFERRED not in case.record.outcomes:
        raise Refused("no other owner gets it")
    if case.kind.category in (Category.TASK, Category.LOCK, Category.WORKER, Category.PROCESS):
        raise Refused(f"what {case.kind.label} does then is not known")
    statement = case.places.statement(case.call)
    name, _ = target(case, statement)
    if captured(case.function, name):
        raise Refused(f"a nested function uses `{name}`")
    spot = case.places.spot(statement)
    rest = spot.block[spot.index + 1 :]
    end = next((n for n, each in enumerate(rest) if _hands_over(each, name)), None)
    if end is None:
        raise Refused("no statement of its block hands it over")
    last = rest[end]
    plain = not isinstance(last, ast.Return) or isinstance(last.value, ast.Name)
    if plain and end == 0:
        raise Refused("nothing stands between it and its next owner")
    statements = tuple(rest[:end] if plain else rest[: end + 1])
    if any(binds(each, name) for each in statements):
        raise Refused(f"`{name}` is bound again before it is handed over")
    if case.kind.name not in PLAIN and released_elsewhere(case, statements, name, None):
        raise Refused("it is released in more than one place")
    text, operations = release_text(case, name)
    wrap = Wrap(statements, OnError(text))
    return Proposal("Release it when something raises before it is handed over", (*operations, wrap),
                    ("somebody else may have it already when something raises",))  # fmt: skip


def _hands_over(statement: ast.stmt, name: str) -> bool:
    """Whether a statement returns it, or stores it in an object or a container."""
    match statement:
        case ast.Return(value=ast.expr() as value):
            return any(names_read(value, name))
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()], value=ast.Name(id=stored)):
            return stored == name
    return False
