"""Comments and empty lines around statements that move, go or come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import libcst as cst

Statement: TypeAlias = cst.SimpleStatementLine | cst.BaseCompoundStatement


def whole(node: cst.CSTNode) -> Statement:
    """A node that is known to be a whole statement."""
    assert isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)), type(node).__name__
    return node


def comments(statement: Statement) -> list[cst.EmptyLine]:
    """The comments of a statement that goes away, on lines of their own."""
    lines = [each for each in statement.leading_lines if each.comment is not None]
    if isinstance(statement, cst.SimpleStatementLine) and statement.trailing_whitespace.comment is not None:
        lines.append(cst.EmptyLine(comment=statement.trailing_whitespace.comment))
    return lines


def led(statement: Statement, lines: Iterable[cst.EmptyLine]) -> Statement:
    """A statement with more lines above it."""
    return with_lines(statement, [*lines, *statement.leading_lines])


def with_lines(statement: Statement, lines: Sequence[cst.EmptyLine]) -> Statement:
    """A statement with other lines above it."""
    return whole(statement.with_changes(leading_lines=lines))


def tight(statement: cst.CSTNode) -> Statement:
    """A statement without the empty lines above it: it opens a block now."""
    lines = [*whole(statement).leading_lines]
    while lines and lines[0].comment is None:
        del lines[0]
    return with_lines(whole(statement), lines)


def without_finally(statement: cst.CSTNode) -> tuple[list[Statement], list[cst.EmptyLine]]:
    """The statements of a ``try`` whose ``finally`` has gone, and the comments that stood in that."""
    block = cst.ensure_type(statement, cst.Try)
    last = cst.ensure_type(block.finalbody, cst.Finally)
    ending = cst.ensure_type(last.body, cst.IndentedBlock)
    lost = [*last.leading_lines, *_said(ending), *(line for each in ending.body for line in comments(whole(each)))]
    told = [line for line in (*lost, *ending.footer) if line.comment is not None]
    if block.handlers or block.orelse is not None:
        return [whole(block.with_changes(finalbody=None))], told
    inner = cst.ensure_type(block.body, cst.IndentedBlock)
    body = [whole(each) for each in inner.body]
    body[0] = led(tight(body[0]), [*(line for line in block.leading_lines if line.comment is not None), *_said(inner)])
    return body, told


def says_something(space: cst.ParenthesizedWhitespace) -> bool:
    """Whether there is a comment among the lines between two parts of an expression."""
    return space.first_line.comment is not None or any(line.comment is not None for line in space.empty_lines)


def bare_line(line: cst.EmptyLine) -> cst.EmptyLine:
    """A line that holds no white space where it holds no comment."""
    return line if line.comment is not None else line.with_changes(indent=False)


def _said(block: cst.IndentedBlock) -> list[cst.EmptyLine]:
    """The comment behind the colon of a block."""
    comment = block.header.comment
    return [] if comment is None else [cst.EmptyLine(comment=comment)]
