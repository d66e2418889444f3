"""Which lines of a file a fix changes: the rest is not parsed anew."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from memlint.fixes import proposal as op
from memlint.fixes.places import Places
from memlint.source.text import Source

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Piece:
    """Some whole lines of a file, counted from 1, both ends included."""

    first: int
    last: int
    indented: bool
    """Whether they stand in a block."""


def kept_lines(text: str) -> list[str]:
    """Lines with their ends, divided where Python divides them."""
    return _LINE.findall(text)


def newline_of(text: str) -> str:
    """How the first line of a file ends."""
    found = re.search(r"\r\n|\r|\n", text)
    return found[0] if found else "\n"


def indent_of(source: Source) -> str:
    """How far a file indents its blocks."""
    for node in ast.walk(source.tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.stmt) and isinstance(body, list) and body[0].lineno > node.lineno:
            outer, inner = (re.match(r"[ \t]*", source.lines[each.lineno - 1]) for each in (node, body[0]))
            if outer is not None and inner is not None and len(inner[0]) > len(outer[0]):
                return inner[0].removeprefix(outer[0])
    return "    "


def piece_of(places: Places, operations: Iterable[op.Operation]) -> Piece:
    """The lines that operations touch: a function, a class, or statements of the module."""
    homes = [_home(places, operation) for operation in operations]
    if all(isinstance(home, Definition) and home is homes[0] for home in homes):
        home = homes[0]
        return Piece(_start(home), _end(home), places.source.lines[_start(home) - 1][:1] in (" ", "\t"))
    outer = [_outermost(places, home) for home in homes]
    last = [_outermost(places, each) for operation in operations for each in _further(operation)]
    return Piece(min(map(_start, outer)), max(map(_end, (*outer, *last))), False)


def _home(places: Places, operation: op.Operation) -> ast.AST:
    """The innermost definition that holds all of what changes, or the statement itself where none does."""
    match operation:
        case op.InsertFirst(function=function) | op.RemoveDecorator(function=function):
            return function
        case op.Wrap(replaces=replaced, statements=statements):
            node: ast.AST = replaced or statements[0]
        case op.JoinBlock(outer=block) | op.MoveBefore(block=block):
            node = block
        case op.OtherBlock(block=block) | op.OneFinally(block=block):
            node = block
        case op.AddArgument(call=call):
            node = call
        case op.SetDefault(default=default):
            node = default
        case op.ReplaceExpression(node=inner) | op.ReplaceStatement(node=inner) | op.InsertAfter(node=inner):
            node = inner
        case _:
            raise TypeError(operation)
    return next((each for each in places.around(node) if isinstance(each, Definition)), node)


def _further(operation: op.Operation) -> Iterable[ast.stmt]:
    return operation.statements if isinstance(operation, op.Wrap) else ()


def _outermost(places: Places, node: ast.AST) -> ast.AST:
    """The statement of the module that a node is part of."""
    for each in (node, *places.around(node)):
        if places.parent(each) is places.source.tree and isinstance(each, ast.stmt):
            return each
    return node


def _start(node: ast.AST) -> int:
    lines = [getattr(each, "lineno", 1) for each in (node, *getattr(node, "decorator_list", ()))]
    return min(lines)


def _end(node: ast.AST) -> int:
    end: int = getattr(node, "end_lineno", 0)
    return end
