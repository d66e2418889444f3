"""What a function does to the resources it is given and the resources it gives: its effect at a call."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from memlint.catalogue.model import Kind
from memlint.findings import Span


class Effect(enum.Enum):
    """What becomes of an argument."""

    BORROWS = "borrows"
    RELEASES = "releases"
    """On every path, also when the callee raises."""
    RELEASES_UNLESS_RAISED = "releases unless it raises"
    TAKES = "takes"
    """Stored, returned inside something else, handed on: someone else is the owner now."""
    LENDS = "lends"
    """Handed to a callee that nothing is known of, by every path: it may take it over, or only borrow it."""
    VIEWS = "views"
    """The result reads from the argument."""
    RETURNS = "returns"
    """The result is the argument."""


@dataclass(frozen=True, slots=True)
class Given:
    """A resource that a function's result is, or holds at some position of a tuple."""

    kind: Kind
    position: int | None
    origin: tuple[str, Span] | None = None
    """File and place of the call that acquires it."""
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """One function, as its callers see it."""

    parameters: tuple[str, ...]
    judge: Callable[[str, Kind], Effect]
    """What becomes of a resource of some kind that is passed as some parameter; worked out when asked."""
    gives: tuple[Given, ...] = ()
    returns: bool = True
    """False when no path comes back."""
    method: bool = False
    """The first parameter is the receiver."""
    manager: bool = False
    """A ``@contextmanager`` function: its result is entered, and released on the way out."""
    asynchronous: bool = False
    """Calling it runs nothing yet: it makes a coroutine."""
    harmless: Callable[[], bool] = bool
    """Whether nothing that it does may raise; worked out when asked."""
    more: Callable[[], Summary | None] | None = None
    """Works the whole summary out, when this one says only that the function gives nothing and comes back."""

    def parameter(self, index: int | None, keyword: str | None) -> str | None:
        """The parameter that an argument is bound to; None when that cannot be told."""
        if keyword is not None:
            return keyword if keyword in self.parameters else None
        if index is None:
            return None
        index += self.method
        return self.parameters[index] if index < len(self.parameters) else None
