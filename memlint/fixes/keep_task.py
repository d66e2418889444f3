"""A task that nobody keeps is kept in a set until it is done."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import DefineGlobal, InsertAfter, Operation, Proposal, Refused, ReplaceExpression
from memlint.fixes.proposal import ReplaceStatement as Rewrite

KEPT = "_background_tasks"


def propose(case: Case) -> Proposal:
    """Add it to a set of the module, which forgets it when it is done.

    Raises:
        Refused: the task is not made by a statement of its own.
    """
    statement = case.places.statement(case.call)
    function = case.function
    operations: list[Operation] = []
    match statement:
        case ast.Expr(value=value) if value is case.call:
            name = case.places.fresh("task", function)
            made = ast.get_source_segment(case.source.text, case.call)
            if made is None or "\n" in made:
                raise Refused("the call spans lines")
            add = f"{KEPT}.add({name})\n{name}.add_done_callback({KEPT}.discard)"
            operations.append(Rewrite(statement, f"{name} = {made}\n{add}"))
        case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if value is case.call:
            if not name.strip("_"):
                fresh = case.places.fresh("task", function)
                operations.append(ReplaceExpression(target, fresh))
                name = fresh
            operations.append(InsertAfter(statement, f"{KEPT}.add({name})\n{name}.add_done_callback({KEPT}.discard)"))
        case _:
            raise Refused("the task is not made by a statement of its own")
    if not _has_set(case):
        if KEPT in case.places.names.bound:
            raise Refused(f"`{KEPT}` means something else here")
        task, imports = case.spelled("asyncio.Task")
        operations += [*imports, DefineGlobal(f"{KEPT}: set[{task}[object]] = set()")]
    return Proposal("Keep the task until it is done", tuple(operations), ("the task lives until it is done",))


def _has_set(case: Case) -> bool:
    for statement in case.source.tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if name == KEPT:
                return ast.unparse(value) == "set()"
    return False
