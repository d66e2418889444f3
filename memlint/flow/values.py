"""What the analysis knows of a value.  All values are frozen and compare by what they say."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(slots=True, unsafe_hash=True)
class Unknown:
    """Anything."""


UNKNOWN = Unknown()


@dataclass(slots=True, unsafe_hash=True)
class Literal:
    """A constant; its type is compared too, for ``1 == True`` in Python."""

    type: str
    value: object

    @staticmethod
    def of(value: object) -> Literal:
        """The literal of a Python constant."""
        return Literal(type(value).__name__, value)


NONE = Literal.of(None)


class Handle(NamedTuple):
    """A resource: the instance that one acquisition site made last (``older`` False) or before that.

    A tuple, for states are sets and mappings of these: the hash of one is no call of Python's.
    """

    site: int
    older: bool = False


@dataclass(slots=True, unsafe_hash=True)
class View:
    """Something that reads from a value and cannot release it (``csv.reader(f)``)."""

    of: Value


@dataclass(slots=True, unsafe_hash=True)
class Pair:
    """A tuple whose elements are known."""

    items: tuple[Value, ...]


@dataclass(slots=True, unsafe_hash=True)
class Bag:
    """A container made in this function; what it holds is part of the state."""

    number: int


@dataclass(slots=True, unsafe_hash=True)
class Element:
    """Some element of a local container."""

    bag: int


@dataclass(slots=True, unsafe_hash=True)
class Symbol:
    """A module, function or class, by its possible qualified names."""

    names: tuple[str, ...]


@dataclass(slots=True, unsafe_hash=True)
class Result:
    """What a call of a symbol gave: an instance, when the symbol is a class."""

    of: Symbol


@dataclass(slots=True, unsafe_hash=True)
class Method:
    """An attribute of a value that is worth following."""

    base: Value
    name: str


@dataclass(slots=True, unsafe_hash=True)
class Path:
    """A variable, or a chain of attributes on one, of which nothing else is known: ``self.sock``."""

    text: str


@dataclass(slots=True, unsafe_hash=True)
class Pending:
    """A coroutine whose result is a resource once it is awaited."""

    call: int
    """Number of the call in the analysis of its function."""


@dataclass(slots=True, unsafe_hash=True)
class Closing:
    """A coroutine that releases a resource once it is awaited; dropping it releases nothing."""

    handle: Handle


@dataclass(slots=True, unsafe_hash=True)
class Turned:
    """An iterator that has given an element at least once."""

    of: Value


@dataclass(slots=True, unsafe_hash=True)
class Taken:
    """The answer of an acquisition that may have failed: true exactly when the resource is held."""

    handle: Handle


@dataclass(slots=True, unsafe_hash=True)
class Running:
    """The answer of ``is_alive()`` or ``poll() is None``: false only when what was started has ended."""

    of: Value
    ended: bool = False
    """The answer that says that it has ended."""


@dataclass(slots=True, unsafe_hash=True)
class Suppressor:
    """A context manager that swallows exceptions of these classes."""

    classes: tuple[str, ...]


@dataclass(slots=True, unsafe_hash=True)
class Function:
    """A function or lambda defined inside this one."""

    line: int
    column: int
    asynchronous: bool = False
    """Calling it runs nothing yet: it makes a coroutine."""


ENDINGS = frozenset({"returncode", "exitcode"})
"""Attributes of a process that are None until somebody has seen that it ended."""

Value = (
    Unknown | Literal | Handle | View | Pair | Bag | Element | Symbol | Result | Method | Path | Pending
    | Closing | Turned | Taken | Running | Suppressor | Function
)  # fmt: skip


_DATA = frozenset(
    {
        "name", "mode", "encoding", "newlines", "closed", "path", "args", "pid", "returncode", "stdin", "stdout",
        "stderr", "fd", "url", "status", "headers", "code", "reason", "port", "host", "family", "type", "proto",
        "size", "width", "height", "format", "info", "shape", "dtype", "text", "content", "length", "filename",
        "ok", "cookies", "history", "sheetnames", "columns", "palette", "n_frames", "attrs", "version",
        "metadata", "schema", "schema_arrow",
    }
)  # fmt: skip
"""Attributes of resources that are no way back to the resource."""


def parts(value: Value) -> tuple[Value, ...]:
    """The values that ``value`` keeps within itself and can still reach to release."""
    match value:
        case Pair(items):
            return items
        case Method(base=base, name=name):
            return () if name in _DATA else (base,)
        case Closing(handle):
            return (handle,)
        case Turned(of):
            return (of,)
        case _:
            return ()


def container_number(node: ast.AST) -> int:
    """A number for the container that a piece of syntax makes, the same whenever it is met."""
    return int(getattr(node, "lineno", 0)) * 10_000 + int(getattr(node, "col_offset", 0))
