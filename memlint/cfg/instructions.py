"""The small language that a function is lowered to: one effect an instruction, in evaluation order.

Values live in *places*.  A place is a variable's name, or a number: a positive number is a temporary that dies at
the end of its statement, a negative one is *pinned* (an iterator, a context manager, a pending return value) and
lives until it is forgotten.  Instructions keep the syntax node they come from, for spans and for messages.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

Slot = int
"""A temporary or a pinned place: what an instruction reads, and most of what it sets."""
Place = str | Slot


@dataclass(slots=True, eq=False)
class Constant:
    """``target`` becomes a literal."""

    node: ast.AST
    target: int
    value: object


@dataclass(slots=True, eq=False)
class Load:
    """``target`` becomes the value of a variable."""

    node: ast.AST
    target: int
    name: str


@dataclass(slots=True, eq=False)
class Bind:
    """A variable takes a value; what it held before loses a reference."""

    node: ast.AST
    name: str
    source: Slot


@dataclass(slots=True, eq=False)
class Move:
    """A place takes over a value (the result of a conditional expression, a pinned value)."""

    node: ast.AST
    target: int
    source: Slot


@dataclass(slots=True, eq=False)
class Unbind:
    """``del name``, or the end of ``except ... as name``."""

    node: ast.AST
    name: str


@dataclass(slots=True, eq=False)
class Import:
    """A variable becomes a module or one of its members."""

    node: ast.AST
    name: str
    qualified: str


@dataclass(slots=True, eq=False)
class GetAttribute:
    """``target = base.name``."""

    node: ast.AST
    target: int
    base: Slot
    name: str


@dataclass(slots=True, eq=False)
class SetAttribute:
    """``base.name = source``."""

    node: ast.AST
    base: Slot
    name: str
    source: Slot


@dataclass(slots=True, eq=False)
class GetItem:
    """``target = base[key]``."""

    node: ast.AST
    target: int
    base: Slot
    key: Slot


@dataclass(slots=True, eq=False)
class SetItem:
    """``base[key] = source``."""

    node: ast.AST
    base: Slot
    key: Slot
    source: Slot


@dataclass(slots=True, eq=False)
class Call:
    """``target = callee(...)``."""

    node: ast.Call
    target: int
    callee: Slot
    arguments: tuple[tuple[Slot, bool], ...]
    """Positional arguments; True beside a starred one."""
    keywords: tuple[tuple[str | None, Slot], ...]
    """Keyword arguments; None names ``**mapping``."""


@dataclass(slots=True, eq=False)
class Await:
    """``target = await source``: a checkpoint, where cancellation may strike."""

    node: ast.AST
    target: int
    source: Slot


@dataclass(slots=True, eq=False)
class Yield:
    """``target = yield source``: the consumer may never come back, or come back with an exception."""

    node: ast.AST
    target: int
    source: Slot | None
    delegated: bool = False


@dataclass(slots=True, eq=False)
class Build:
    """A display or comprehension makes a new container."""

    node: ast.AST
    target: int
    shape: Literal["tuple", "list", "set", "dict"]
    items: tuple[tuple[Slot, bool], ...]


@dataclass(slots=True, eq=False)
class Include:
    """A comprehension adds an element to the container that it builds."""

    node: ast.AST
    container: int
    source: Slot


@dataclass(slots=True, eq=False)
class Unpack:
    """``targets = source``; ``starred`` is the index of the starred target."""

    node: ast.AST
    source: Slot
    targets: tuple[int, ...]
    starred: int | None


@dataclass(slots=True, eq=False)
class Iterate:
    """``target`` (pinned) becomes an iterator over ``source``."""

    node: ast.AST
    target: int
    source: Slot
    asynchronous: bool


@dataclass(slots=True, eq=False)
class Enter:
    """``target = manager.__enter__()``; the manager is pinned."""

    node: ast.AST
    target: int
    manager: int
    asynchronous: bool


@dataclass(slots=True, eq=False)
class Exit:
    """``manager.__exit__(...)``."""

    node: ast.AST
    manager: int
    asynchronous: bool


@dataclass(slots=True, eq=False)
class Compare:
    """``target = left operator right`` for identity and equality; other comparisons are opaque."""

    node: ast.AST
    target: int
    operator: Literal["is", "is not", "==", "!="]
    left: Slot
    right: Slot


@dataclass(slots=True, eq=False)
class Negate:
    """``target = not source``."""

    node: ast.AST
    target: int
    source: Slot


@dataclass(slots=True, eq=False)
class Opaque:
    """``target`` is computed in a way that is not modelled; containers among ``operands`` live on in it."""

    node: ast.AST
    target: int
    operands: tuple[Slot, ...] = ()


@dataclass(slots=True, eq=False)
class View:
    """``target`` is a lazy reading of ``source`` (a generator expression): it cannot release it."""

    node: ast.AST
    target: int
    source: Slot


@dataclass(slots=True, eq=False)
class Define:
    """``target`` becomes a function, lambda or class that captures variables of this function."""

    node: ast.AST
    target: int
    captured: frozenset[str]


@dataclass(slots=True, eq=False)
class SetReturn:
    """The pending return value; ``finally`` blocks still run."""

    node: ast.AST
    source: Slot | None


@dataclass(slots=True, eq=False)
class Forget:
    """A pinned place is given up."""

    node: ast.AST
    place: int


@dataclass(slots=True, eq=False)
class EndStatement:
    """All temporaries die."""

    node: ast.AST


@dataclass(slots=True, eq=False)
class Catch:
    """A handler, or the exceptional copy of a ``finally``, takes the exception in flight."""

    node: ast.AST


Instruction = (
    Constant | Load | Bind | Move | Unbind | Import | GetAttribute | SetAttribute | GetItem | SetItem | Call | Await
    | Yield | Build | Include | Unpack | Iterate | Enter | Exit | Compare | Negate | Opaque | View | Define
    | SetReturn | Forget | EndStatement | Catch
)  # fmt: skip


# --- how a block ends -------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Jump:
    """Control goes on elsewhere."""

    to: int


@dataclass(slots=True, eq=False)
class Branch:
    """A test decides; ``test`` is the syntax of the test, for facts about equal tests elsewhere."""

    node: ast.expr
    place: Slot
    true: int
    false: int


@dataclass(slots=True, eq=False)
class Advance:
    """One turn of a loop: the iterator gives an element (``body``) or is exhausted (``done``)."""

    node: ast.AST
    iterator: int
    target: int
    body: int
    done: int
    asynchronous: bool


@dataclass(slots=True, eq=False)
class Choose:
    """One of several ways, undecided by anything that is modelled (``match`` on a pattern)."""

    node: ast.AST
    ways: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Clause:
    """One ``except`` clause: the classes it names (None for a bare one) and its block."""

    node: ast.ExceptHandler
    classes: tuple[ast.expr, ...] | None
    block: int


@dataclass(slots=True, eq=False)
class Dispatch:
    """The exception in flight meets the ``except`` clauses in order; ``otherwise`` is where it goes unmatched."""

    clauses: tuple[Clause, ...]
    otherwise: int


@dataclass(slots=True, eq=False)
class Raise:
    """``raise value``; without a value the handled exception is raised again."""

    node: ast.AST
    source: Slot | None
    classes: ast.expr | None


@dataclass(slots=True, eq=False)
class Resume:
    """The exception caught by this block's ``Catch`` goes on; a ``with`` that suppresses goes to ``swallowed``."""

    node: ast.AST
    manager: int | None
    swallowed: int | None


@dataclass(slots=True, eq=False)
class Leave:
    """The function ends; ``raised`` tells how."""

    raised: bool


Terminator = Jump | Branch | Advance | Choose | Dispatch | Raise | Resume | Leave
