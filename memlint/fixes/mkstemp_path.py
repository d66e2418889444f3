"""``path = tempfile.mkstemp()[1]`` forgets the descriptor: name it and close it."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import NotForThis, Proposal, Refused, ReplaceStatement


def propose(case: Case) -> Proposal:
    """Take both, and close the descriptor at once.

    Raises:
        Refused: it is another statement.
    """
    statement = case.places.statement(case.call)
    if "os.close" not in case.kind.release_by:
        raise NotForThis(f"{case.kind.label} is no descriptor")
    scope = case.places.function(case.call) or case.source.tree
    match statement:
        case ast.Assign(targets=[ast.Name(id=path)], value=value):
            ends = ""
        case ast.Return(value=ast.expr() as value):
            path = case.places.fresh("path", scope)
            ends = f"\nreturn {path}"
        case _:
            raise Refused("the path is not taken out of the result by its index")
    made = ast.get_source_segment(case.source.text, case.call)
    match value:
        case ast.Subscript(value=call, slice=ast.Constant(value=1)) if call is case.call and made is not None:
            name = case.places.fresh("descriptor", scope)
            close, operations = case.spelled("os.close")
            text = f"{name}, {path} = {made}\n{close}({name}){ends}"
            return Proposal("Close the descriptor", (*operations, ReplaceStatement(statement, text)))
    raise Refused("the path is not taken out of the result by its index")
