"""``path = tempfile.mkstemp()[1]`` forgets the descriptor: name it and close it."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import Proposal, Refused, ReplaceStatement


def propose(case: Case) -> Proposal:
    """Take both, and close the descriptor at once.

    Raises:
        Refused: it is another statement.
    """
    statement = case.places.statement(case.call)
    match statement:
        case ast.Assign(targets=[ast.Name(id=path)], value=ast.Subscript(value=call, slice=ast.Constant(value=1))) if (
            call is case.call and "os.close" in case.kind.release_by
        ):
            scope = case.places.function(case.call) or case.source.tree
            name = case.places.fresh("descriptor", scope)
            close, operations = case.spelled("os.close")
            made = ast.get_source_segment(case.source.text, call)
            text = f"{name}, {path} = {made}\n{close}({name})"
            return Proposal("Close the descriptor", (*operations, ReplaceStatement(statement, text)))
    raise Refused("the path is not taken out of the result by its index")
