"""``json.load(open(p))`` becomes ``with open(p) as stream:`` around the statement."""

from __future__ import annotations

import ast

from memlint.catalogue.model import Category
from memlint.fixes.blocks import WIDTH, Way, way
from memlint.fixes.case import Case
from memlint.fixes.derived import Derived
from memlint.fixes.kinds import PLAIN, variable_for
from memlint.fixes.lifetime import Lifetime, lifetime
from memlint.fixes.proposal import (
    Block,
    Item,
    JoinBlock,
    NotForThis,
    Operation,
    Proposal,
    Refused,
    ReplaceExpression,
    Wrap,
)
from memlint.fixes.with_block import doubts

_ONCE = (ast.Call, ast.Attribute, ast.Subscript, ast.Await, ast.keyword, ast.Starred, ast.BinOp, ast.Compare,
         ast.UnaryOp, ast.Tuple, ast.List, ast.NamedExpr, ast.IfExp, ast.BoolOp, ast.comprehension, ast.ListComp,
         ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.withitem)  # fmt: skip


def propose(case: Case) -> Proposal:
    """Give it a name by a block around the statement that uses it.

    Raises:
        Refused: the statement does something before, or uses it more than once or not at all.
    """
    if case.kind.category in (Category.PROCESS, Category.TASK, Category.LOCK, Category.WORKER):
        raise Refused(f"a block would wait for {case.kind.label}")
    statement = case.places.statement(case.call)
    if case.finding.code != "MEM102" and not case.finding.message.startswith(f"`{case.record.site.text}`"):
        raise NotForThis("it has a name")
    if isinstance(statement, ast.Expr) and statement.value is case.call:
        return _at_once(case)
    _evaluated_first(case, statement)
    manner = way(case)
    function = case.places.function(case.call)
    scope = function if function is not None else case.source.tree
    if function is None and case.places.parent(statement) is not case.source.tree:
        raise Refused("it is acquired at class level")
    word = variable_for(case.kind)
    name = case.places.fresh(word if function is not None else f"_{word}", scope, near=statement)
    item = Item(case.alone, name, manner.wrapper)
    life = lifetime(case, statement, None) if function is not None else _at_top(case, statement)
    if isinstance(statement, (ast.If, ast.Match)):
        life.doubts.append("the block lasts longer than the condition")
    operations = (*manner.operations, *_around(case, statement, life, item, manner))
    return Proposal(f"Give it a name by {manner.words}", operations, doubts(life, manner))


def _around(
    case: Case, statement: ast.stmt, life: Lifetime, item: Item, manner: Way
) -> tuple[Operation, ...]:  # fmt: skip
    renamed = ReplaceExpression(case.value, item.name or "")
    sort = ast.AsyncWith if manner.asynchronous else ast.With
    if isinstance(statement, sort) and life.last == life.spot.index:
        one_line = statement.items[0].context_expr.end_lineno == statement.lineno
        line = case.source.lines[statement.lineno - 1]
        if one_line and len(line) + len(item.name or "") * 2 + 6 <= WIDTH:
            return renamed, JoinBlock(statement, item, (), first=True)
    return renamed, Wrap(life.statements, Block((item,), manner.asynchronous), drops=life.drops)


def _at_once(case: Case) -> Proposal:
    """Nothing uses it: release it where it is made."""
    if case.kind.name not in PLAIN or case.kind.release[:1] != ("close",) or case.kind.awaited_release:
        raise Refused("nothing uses it")
    return Proposal("Close it at once", (ReplaceExpression(case.call, "{}.close()"),))


def _at_top(case: Case, statement: ast.stmt) -> Lifetime:
    """At module level the block is the statement itself: what it binds must stand alone."""
    derived = Derived(case.value, case.kind, case.catalogue, case.places.names)
    derived.read(statement)
    if derived.needs or derived.leaves or derived.handed:
        raise Refused("what came from it is used by the rest of the module")
    spot = case.places.spot(statement)
    return Lifetime(spot, spot.index, spot.index)


def _evaluated_first(case: Case, statement: ast.stmt) -> None:
    """Refuse a place in a statement that is not reached first, once, and whatever happens."""
    allowed: tuple[type[ast.stmt], ...] = (
        ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr, ast.For, ast.AsyncFor, ast.If, ast.Raise,
        ast.With, ast.AsyncWith, ast.Match,
    )  # fmt: skip
    if not isinstance(statement, allowed):
        raise Refused("the statement may use it more than once, or not at all")
    node: ast.AST = case.value
    for outer in case.places.around(case.value):
        if outer is statement:
            _header_first(statement, node)
            return
        if not isinstance(outer, _ONCE):
            raise Refused("the statement may use it later, or not at all")
        _first_in(outer, node)
        node = outer
    raise Refused("it is in no statement")


def _header_first(statement: ast.stmt, node: ast.AST) -> None:
    match statement:
        case ast.With(items=items) | ast.AsyncWith(items=items) if items[0] is not node:
            raise Refused("the block enters something else first")
        case ast.AugAssign(target=target) if not isinstance(target, ast.Name):
            raise Refused("the statement does something else first")


def _first_in(outer: ast.AST, node: ast.AST) -> None:
    match outer:
        case ast.IfExp(test=test) if test is not node:
            raise Refused("the statement may not use it at all")
        case ast.BoolOp(values=values) if values[0] is not node:
            raise Refused("the statement may not use it at all")
        case ast.Compare(comparators=others) if node in others[1:]:
            raise Refused("the statement may not use it at all")
        case ast.comprehension(iter=source) if source is not node:
            raise Refused("the comprehension evaluates it again and again")
        case ast.ListComp(generators=each) | ast.SetComp(generators=each) | ast.GeneratorExp(generators=each):
            if each[0] is not node:
                raise Refused("the comprehension evaluates it again and again")
            return
        case ast.DictComp(generators=each):
            if each[0] is not node:
                raise Refused("the comprehension evaluates it again and again")
            return
    for child in ast.iter_child_nodes(outer):
        if child is node:
            return
        if isinstance(child, ast.expr) and not _inert(child):
            raise Refused("the statement does something else first")


def _inert(node: ast.expr) -> bool:
    """Whether evaluating it does nothing that could be seen."""
    quiet = (ast.Name, ast.Attribute, ast.Constant, ast.expr_context, ast.Tuple)
    return all(isinstance(each, quiet) for each in ast.walk(node))
