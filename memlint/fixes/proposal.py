"""What a fix wants done to a file: the operations that ``rewrite`` carries out, and whether that is safe."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeAlias


class Refused(Exception):
    """A fix does not apply to a finding; the text is the reason, one clause without a full stop."""


class NotForThis(Refused):
    """A fix is for another sort of thing; what other fixes say of the finding tells the user more."""


@dataclass(frozen=True, eq=False)
class Item:
    """One resource of a ``with`` line."""

    value: ast.expr | str
    """The acquiring expression of the file, or the text of one."""
    name: str | None = None
    wrapper: str | None = None
    """A callable around the value: ``contextlib.closing``."""


@dataclass(frozen=True, eq=False)
class Block:
    """``with`` over some statements."""

    items: tuple[Item, ...]
    asynchronous: bool = False


@dataclass(frozen=True, eq=False)
class Finally:
    """``try`` over some statements, with a ``finally``: written anew, or statements of the file moved there."""

    cleanup: str | tuple[ast.stmt, ...]


@dataclass(frozen=True, eq=False)
class OnError:
    """``try`` over some statements, with ``except BaseException`` that cleans up and raises again."""

    cleanup: str


@dataclass(frozen=True, eq=False)
class Wrap:
    """Put neighbouring statements of one block under a ``with`` or a ``try``."""

    statements: tuple[ast.stmt, ...]
    """They follow each other, and follow ``replaces``; there may be none."""
    around: Block | Finally | OnError
    replaces: ast.stmt | None = None
    """The statement in whose place the new one comes: the acquisition, which the ``with`` line says itself."""
    after: ast.stmt | None = None
    """Where there is nothing to replace and ``statements`` is empty: the statement that comes before."""
    drops: tuple[ast.stmt, ...] = ()
    """Of ``statements``: releases that the block makes needless."""
    unwraps: ast.Try | None = None
    """Of ``statements``: a ``try`` whose ``finally`` is made needless."""
    declares: str | None = None
    """A statement before the new one: the annotation of the variable, which a block cannot say."""


@dataclass(frozen=True, eq=False)
class JoinBlock:
    """Add an item to a ``with`` whose whole body the new block would be, and take statements out of that body."""

    outer: ast.With | ast.AsyncWith
    item: Item
    drops: tuple[ast.stmt, ...]
    unwraps: ast.Try | None = None
    first: bool = False
    """The item comes before those that are there."""


@dataclass(frozen=True, eq=False)
class ReplaceExpression:
    """Write an expression anew; ``{}`` in the text stands for the expression as it was."""

    node: ast.expr
    text: str


@dataclass(frozen=True, eq=False)
class ReplaceStatement:
    """Write a statement anew, perhaps as several; its comments stay with the first."""

    node: ast.stmt
    text: str


@dataclass(frozen=True, eq=False)
class InsertAfter:
    """Add statements behind one of the file's."""

    node: ast.stmt
    text: str
    blank: int = 0
    """Empty lines before what is added."""


@dataclass(frozen=True, eq=False)
class InsertFirst:
    """Add statements at the beginning of a function, behind its docstring."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    text: str


@dataclass(frozen=True, eq=False)
class MoveBefore:
    """Move the first statements of a ``try`` in front of it."""

    block: ast.Try
    count: int


@dataclass(frozen=True, eq=False)
class OtherBlock:
    """Make ``with`` of ``async with``, or the other way round."""

    block: ast.With | ast.AsyncWith
    asynchronous: bool


@dataclass(frozen=True, eq=False)
class OneFinally:
    """Make a ``finally`` of the release in the only handler of a ``try``, which then raises again."""

    block: ast.Try
    behind: ast.stmt | None
    """The other release, which goes: the statement behind the ``try``, or its whole ``else``."""


@dataclass(frozen=True, eq=False)
class AddArgument:
    """Give a call one more keyword argument, or another value for one that it has."""

    call: ast.Call
    keyword: str
    value: str


@dataclass(frozen=True, eq=False)
class RemoveDecorator:
    """Take a decorator away."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    decorator: ast.expr


@dataclass(frozen=True, eq=False)
class SetDefault:
    """Give a parameter another default."""

    default: ast.expr
    text: str


@dataclass(frozen=True, slots=True)
class Import:
    """``import module`` among the module's other imports."""

    module: str


@dataclass(frozen=True, slots=True)
class DefineGlobal:
    """A statement at module level, behind the imports."""

    text: str


Operation: TypeAlias = (
    Wrap | JoinBlock | ReplaceExpression | ReplaceStatement | InsertAfter | InsertFirst | MoveBefore
    | OtherBlock | OneFinally | AddArgument | RemoveDecorator | SetDefault | Import | DefineGlobal
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Proposal:
    """A fix for one finding."""

    title: str
    """What it does, as an order: ``Open it in a with block``."""
    operations: tuple[Operation, ...]
    doubts: tuple[str, ...] = ()
    """Why it may change what the program does; one without any is safe."""

    @property
    def safe(self) -> bool:
        """Whether the program does what it did, but for the leak."""
        return not self.doubts
