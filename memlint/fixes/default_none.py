"""A default container that all calls share becomes a new one for each call."""

from __future__ import annotations

import ast

from memlint.fixes.case import Case
from memlint.fixes.proposal import InsertFirst, Operation, Proposal, Refused, ReplaceExpression, SetDefault


def propose(case: Case) -> Proposal:
    """``items=[]`` becomes ``items=None``, and the function makes the list.

    Raises:
        Refused: the parameter cannot be found.
    """
    default = case.places.at(case.finding.span, ast.expr)
    arguments = case.places.parent(default)
    function = case.places.parent(arguments)
    if not isinstance(arguments, ast.arguments) or not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise Refused("the parameter cannot be found")
    argument = _argument(arguments, default)
    text = ast.get_source_segment(case.source.text, default)
    if text is None or "\n" in text:
        raise Refused("the default spans lines")
    operations: list[Operation] = [SetDefault(default, "None")]
    if isinstance(argument.annotation, (ast.Name, ast.Attribute, ast.Subscript)):
        operations.append(ReplaceExpression(argument.annotation, "{} | None"))
    name = argument.arg
    operations.append(InsertFirst(function, f"if {name} is None:\n    {name} = {text}"))
    return Proposal("Make it anew in each call", tuple(operations), ("a call no longer sees what another one added",))


def _argument(arguments: ast.arguments, default: ast.expr) -> ast.arg:
    positional = [*arguments.posonlyargs, *arguments.args]
    last = positional[len(positional) - len(arguments.defaults) :]
    for argument, value in (
        *zip(last, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ):
        if value is default:
            return argument
    raise Refused("the parameter cannot be found")
