"""What is acquired in one block and needed in another, or many times, is kept by an ``ExitStack`` around both."""

from __future__ import annotations

import ast

from memlint.catalogue.model import Category, Context
from memlint.fixes.case import Case
from memlint.fixes.derived import Derived, Need
from memlint.fixes.kinds import TEXTS, UNSEEN, ends_on_its_own_terms
from memlint.fixes.lifetime import held_by_others, own, refuse_locked
from memlint.fixes.places import binds, captured, names_read
from memlint.fixes.proposal import Block, Item, Operation, Proposal, Refused, ReplaceExpression, Wrap
from memlint.flow.sites import Fate


def propose(case: Case) -> Proposal:
    """Keep it by a stack around everything that uses it.

    Raises:
        Refused: another owner has it, or no block of the function holds all that uses it.
    """
    kind = case.kind
    if kind.category in (Category.PROCESS, Category.TASK, Category.LOCK, Category.WORKER):
        raise Refused(f"a stack would wait for {kind.label}")
    if Fate.TRANSFERRED in case.record.outcomes:
        raise Refused("another owner gets it on some path")
    function = case.function
    name = case.record.subject
    if name is None or not name.isidentifier():
        raise Refused("it has no variable")
    if captured(function, name):
        raise Refused(f"a nested function uses `{name}`")
    statements, derived = _region(case, name)
    first = statements[0]
    doubts = _doubts(case, statements, derived)
    asynchronous = kind.async_context is Context.RELEASES and kind.context is not Context.RELEASES
    if asynchronous and not isinstance(function, ast.AsyncFunctionDef):
        raise Refused(f"{kind.label} needs an asynchronous function")
    stack = case.places.fresh("stack", function)
    kept, operations = _kept(case, stack, asynchronous)
    spelled, imports = case.spelled("contextlib.AsyncExitStack" if asynchronous else "contextlib.ExitStack")
    item = Item(f"{spelled}()", stack)
    wrap = Wrap(statements, Block((item,), asynchronous))
    if first is case.places.statement(case.call):
        doubts = (*doubts, "a with block may do")
    return Proposal(f"Keep it by a `{spelled}`", (*imports, *operations, kept, wrap), doubts)


def _kept(case: Case, stack: str, asynchronous: bool) -> tuple[Operation, tuple[Operation, ...]]:
    kind, value = case.kind, case.alone
    if kind.context is Context.RELEASES:
        return ReplaceExpression(value, f"{stack}.enter_context({{}})"), ()
    if asynchronous and not isinstance(value, ast.Await):
        return ReplaceExpression(value, f"await {stack}.enter_async_context({{}})"), ()
    if kind.release[:1] == ("close",) and not kind.awaited_release:
        closing, operations = case.spelled("contextlib.closing")
        return ReplaceExpression(value, f"{stack}.enter_context({closing}({{}}))"), operations
    raise Refused(f"no block releases {kind.label}")


def _region(case: Case, name: str) -> tuple[tuple[ast.stmt, ...], Derived]:
    """The neighbouring statements, in the innermost block that has them all, which use the resource."""
    function, places = case.function, case.places
    statement = places.statement(case.call)
    while True:
        spot = places.spot(statement)
        derived = Derived(name, case.kind, case.catalogue, places.names)
        for each in spot.block[spot.index :]:
            derived.read(each)
        inside = {id(node) for each in spot.block[spot.index :] for node in ast.walk(each)}
        reads = [n for other in derived.needs for n in names_read(function, other)]
        outside = [n for n in reads if id(n) not in inside and n.lineno > statement.lineno]
        again = any(binds(each, name) for each in spot.block[: spot.index])
        carried = any(_carried(case, statement, other) for other in derived.needs)
        if not outside and not carried and not again:
            used = [n for n, each in enumerate(spot.block) if n >= spot.index and derived.mentions(each)]
            last = max(used, default=spot.index)
            return tuple(spot.block[spot.index : last + 1]), derived
        if spot.owner is function:
            raise Refused("no block of the function holds all that uses it")
        owner = spot.owner
        statement = owner if isinstance(owner, ast.stmt) else places.statement(owner)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            raise Refused("no block of the function holds all that uses it")


def _carried(case: Case, statement: ast.stmt, name: str) -> bool:
    """Whether a loop around the statement reads the name before it is bound in that turn."""
    for loop in case.places.loops_around(statement, case.function):
        for node in names_read(loop, name):
            if node.lineno < statement.lineno:
                return True
    return False


def _doubts(case: Case, statements: tuple[ast.stmt, ...], derived: Derived) -> tuple[str, ...]:
    found = held_by_others(case, derived)
    if Need.VIEW in derived.leaves or (derived.leaves and case.kind.name not in TEXTS):
        raise Refused("what reads from it leaves the function")
    if derived.leaves or derived.handed:
        found.append("what is given away came from it")
    why = ends_on_its_own_terms(case.kind)
    if why is not None:
        found.append(why)
    spot = case.places.spot(statements[-1])
    ends = spot.owner is case.function and spot.index == len(spot.block) - 1
    if not ends and not case.record.released_normally and case.kind.name not in UNSEEN:
        found.append("it is released before the function ends, where nothing released it")
    inside = [node for each in statements for node in own(each)]
    refuse_locked(case, inside)
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in inside):
        found.append("the block holds a yield")
    loops = [n for n in inside if isinstance(n, (ast.For, ast.AsyncFor, ast.While, ast.comprehension))]
    if any(case.call in ast.walk(loop) for loop in loops):
        found.append("all that the loop acquires is kept until the block ends")
    return tuple(found)
