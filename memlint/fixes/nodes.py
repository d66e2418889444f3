"""Changes of single nodes, each a new node that keeps the layout of the old one."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from memlint.fixes.layout import Statement, comments, says_something, tight, whole, with_lines
from memlint.fixes.proposal import Refused

_SPACE = cst.SimpleWhitespace(" ")
_NOTHING = cst.SimpleWhitespace("")


def with_argument(node: cst.CSTNode, keyword: str, value: cst.BaseExpression) -> cst.Call:
    """A call with one more keyword argument, or another value for one that it has."""
    call = cst.ensure_type(node, cst.Call)
    args = [*call.args]
    for place, argument in enumerate(args):
        if argument.keyword is not None and argument.keyword.value == keyword:
            args[place] = argument.with_changes(value=value)
            return call.with_changes(args=args)
    new = cst.Arg(value, cst.Name(keyword), equal=cst.AssignEqual(_NOTHING, _NOTHING))
    if args:
        last = args[-1]
        if isinstance(last.comma, cst.Comma):
            new = new.with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
        args[-1] = last.with_changes(comma=cst.Comma(whitespace_after=_SPACE))
    return call.with_changes(args=[*args, new])


def beginning_with(node: cst.CSTNode, statements: Sequence[Statement]) -> cst.FunctionDef:
    """A function that does something first, behind its docstring."""
    function = cst.ensure_type(node, cst.FunctionDef)
    if not isinstance(function.body, cst.IndentedBlock):
        raise Refused("the function stands on one line")
    body = [*function.body.body]
    place = 1 if function.get_docstring() is not None else 0
    body[place:place] = statements
    return function.with_changes(body=function.body.with_changes(body=body))


def on_one_line(call: cst.Call) -> cst.Call:
    """A call whose only argument has become a name: it needs no lines of its own for that."""
    argument = call.args[0]
    between: list[object] = [call.whitespace_before_args, argument.whitespace_after_arg]
    if isinstance(argument.comma, cst.Comma):
        between += [argument.comma.whitespace_before, argument.comma.whitespace_after]
    lines = [each for each in between if isinstance(each, cst.ParenthesizedWhitespace)]
    if not lines or any(says_something(each) for each in lines):
        return call
    bare = argument.with_changes(whitespace_after_arg=_NOTHING, comma=cst.MaybeSentinel.DEFAULT)
    return call.with_changes(whitespace_before_args=_NOTHING, args=[bare])


def coloured(node: cst.CSTNode, *, asynchronous: bool) -> cst.With:
    """A block as ``with`` or ``async with``."""
    return cst.ensure_type(node, cst.With).with_changes(asynchronous=cst.Asynchronous() if asynchronous else None)


def with_one_finally(node: cst.CSTNode, behind: Statement | None) -> cst.Try:
    """A ``try`` whose only handler releases and raises again, with that release in a ``finally``; comments stay."""
    block = cst.ensure_type(node, cst.Try)
    handler = cst.ensure_type(block.handlers[0].body, cst.IndentedBlock)
    release = tight(handler.body[0])
    said = [line for line in block.handlers[0].leading_lines if line.comment is not None]
    for gone in (*map(whole, handler.body[1:]), *([behind] if behind is not None else [])):
        said += comments(gone)
    if block.orelse is not None:
        said += [line for each in cst.ensure_type(block.orelse.body, cst.IndentedBlock).body
                 for line in comments(whole(each))]  # fmt: skip
    footer = [line for line in handler.footer if line.comment is not None]
    last = with_lines(release, [*said, *release.leading_lines])
    ending = cst.Finally(cst.IndentedBlock([last], footer=footer))
    return block.with_changes(handlers=[], orelse=None, finalbody=ending)
