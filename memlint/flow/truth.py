"""What can be told of a test from the values that it looks at."""

from __future__ import annotations

from memlint.flow.state import State
from memlint.flow.values import Bag, Element, Function, Handle, Literal, Method, Pair, Pending, Symbol, Value


def truth(value: Value, state: State) -> bool | None:
    """Whether a value is true, when that is known."""
    match value:
        case Literal(value=constant):
            return bool(constant)
        case Handle() | Function() | Pending():
            return True
        case Symbol() | Method():
            return None
        case Pair(items):
            return bool(items)
        case Bag(number) | Element(number):
            return True if state.bags.get(number) else None
        case _:
            return None


def same(left: Value, right: Value, *, identity: bool) -> bool | None:
    """Whether two values are one (or equal), when that is known."""
    if isinstance(left, Literal) and isinstance(right, Literal):
        return left == right
    for one, other in ((left, right), (right, left)):
        if isinstance(one, (Handle, Pair, Bag, Element, Function)):
            if isinstance(other, (Literal, Symbol)):
                return False
            if isinstance(other, Handle) and isinstance(one, Handle):
                return one == other
    if identity and isinstance(left, Symbol) and isinstance(right, Symbol) and left == right:
        return True
    return None
