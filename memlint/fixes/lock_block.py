"""``lock.acquire()`` up to ``lock.release()`` becomes ``with lock:``."""

from __future__ import annotations

import ast

from memlint.catalogue.model import Category, Context
from memlint.fixes.case import Case
from memlint.fixes.lifetime import own
from memlint.fixes.proposal import Block, Item, NotForThis, Proposal, Refused, Wrap


def propose(case: Case) -> Proposal:
    """Hold the lock in a block.

    Raises:
        Refused: it is not released further down in the same block, once and on every way there.
    """
    kind = case.kind
    if kind.category is not Category.LOCK:
        raise NotForThis("it is no lock")
    statement = case.places.statement(case.call)
    call = case.call
    plain = isinstance(call, ast.Call) and not call.args and not call.keywords
    if not (isinstance(statement, ast.Expr) and statement.value is case.value and plain):
        raise Refused("what acquire() says is asked for")
    assert isinstance(call, ast.Call)
    if not isinstance(call.func, ast.Attribute):
        raise Refused("it is no method of the lock")
    if not all(isinstance(each, (ast.Name, ast.Attribute, ast.Load)) for each in ast.walk(call.func.value)):
        raise Refused("the lock is looked up anew each time")
    lock = ast.unparse(call.func.value)
    asynchronous = kind.context is not Context.RELEASES
    spot = case.places.spot(statement)
    rest = spot.block[spot.index + 1 :]
    end = next((n for n, each in enumerate(rest) if _release(each, lock) or _finally(each, lock)), None)
    if end is None:
        raise Refused(f"`{lock}.release()` does not stand in the same block")
    inside, last = rest[: end + 1], rest[end]
    closing = last if isinstance(last, ast.Try) else None
    releases = [n for each in inside for n in own(each) if isinstance(n, ast.stmt) and _release(n, lock)]
    if len(releases) != 1:
        raise Refused("it is released in more than one place")
    stored = (n for each in inside for n in ast.walk(each) if isinstance(n, (ast.Name, ast.Attribute)))
    if any(isinstance(n.ctx, (ast.Store, ast.Del)) and ast.unparse(n) == lock for n in stored):
        raise Refused(f"`{lock}` is bound again while it is held")
    doubts = ["the block holds a yield"] if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for each in inside
                                                for n in own(each)) else []  # fmt: skip
    drops = () if closing is not None else (last,)
    wrap = Wrap(tuple(inside), Block((Item(lock),), asynchronous), statement, drops=drops, unwraps=closing)
    word = "async with" if asynchronous else "with"
    return Proposal(f"Hold it by `{word}`", (wrap,), tuple(doubts))


def _release(statement: ast.AST, lock: str) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr="release"), args=[], keywords=[])):
            return ast.unparse(owner) == lock
    return False


def _finally(statement: ast.stmt, lock: str) -> bool:
    return isinstance(statement, ast.Try) and len(statement.finalbody) == 1 and _release(statement.finalbody[0], lock)
