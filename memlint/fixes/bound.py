"""A queue, a cache or a deque without a bound gets one."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import AddArgument, Operation, Proposal, Refused, ReplaceExpression

QUEUE = "1000"
CACHE = "1024"
"""Sizes to begin with: only the user can know the right one."""
_DOUBT = "the size is for you to choose"


def queue(case: Case) -> Proposal:
    """``queue.Queue()`` with a ``maxsize``.

    Raises:
        Refused: the class takes none.
    """
    call = case.places.at(case.finding.span, ast.Call)
    names = case.places.names.qualified(call.func)
    if any(name.rpartition(".")[2] == "SimpleQueue" for name in names):
        raise Refused("a SimpleQueue cannot be bounded")
    return Proposal(f"Bound the queue to {QUEUE}", (_sized(call, "maxsize", QUEUE),),
                    (_DOUBT, "whoever puts into a full queue waits"))  # fmt: skip


def cache(case: Case) -> Proposal:
    """``functools.cache`` becomes an ``lru_cache`` with a ``maxsize``.

    Raises:
        Refused: the name cannot be written here.
    """
    decorator = case.places.at(case.finding.span, ast.expr)
    title = f"Bound the cache to {CACHE}"
    if isinstance(decorator, ast.Call):
        return Proposal(title, (_sized(decorator, "maxsize", CACHE),), (_DOUBT,))
    spelled, operations = case.spelled("functools.lru_cache")
    new = ReplaceExpression(decorator, f"{spelled}(maxsize={CACHE})")
    return Proposal(title, (*operations, new), (_DOUBT,))


def deque(case: Case) -> Proposal:
    """``deque()`` with a ``maxlen``.

    Raises:
        Refused: the container is no deque.
    """
    statement = case.places.at(case.finding.span, ast.stmt)
    match statement:
        case ast.Assign(value=ast.Call() as call) | ast.AnnAssign(value=ast.Call() as call):
            if "collections.deque" in case.places.names.qualified(call.func) and len(call.args) < 2:
                doubts = (_DOUBT, "the oldest entry goes when a new one comes")
                return Proposal(f"Bound the deque to {QUEUE}", (AddArgument(call, "maxlen", QUEUE),), doubts)
    raise Refused("only a deque can be given a bound where it is made")


def _sized(call: ast.Call, keyword: str, size: str) -> Operation:
    if call.args:
        return ReplaceExpression(call.args[0], size)
    return AddArgument(call, keyword, size)
