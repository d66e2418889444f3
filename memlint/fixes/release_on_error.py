"""A function that hands out what it acquired releases it when it fails before."""

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
        Refused: it is not handed out by a ``return`` at the end of its block.
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
    if not rest or not isinstance(rest[-1], ast.Return) or not any(names_read(rest[-1], name)):
        raise Refused("it is not returned at the end of its block")
    if any(binds(each, name) for each in rest) or any(_stores(each, name) for each in rest):
        raise Refused("it has another owner before it is returned")
    if case.kind.name not in PLAIN and released_elsewhere(case, rest, name, None):
        raise Refused("it is released in more than one place")
    text, operations = release_text(case, name)
    plain = isinstance(rest[-1].value, ast.Name) and len(rest) > 1
    statements = tuple(rest[:-1] if plain else rest)
    wrap = Wrap(statements, OnError(text))
    return Proposal("Release it when something raises before it is returned", (*operations, wrap),
                    ("somebody else may have it already when something raises",))  # fmt: skip


def _stores(statement: ast.stmt, name: str) -> bool:
    """Whether the resource is stored in an object or a container."""
    return any(
        isinstance(node, ast.Assign)
        and any(isinstance(target, (ast.Attribute, ast.Subscript)) for target in node.targets)
        and any(names_read(node.value, name))
        for node in ast.walk(statement)
    )
