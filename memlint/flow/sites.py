"""Acquisition sites, and the ways in which what they acquired was lost."""

from __future__ import annotations

import ast
import enum
from dataclasses import dataclass, field

from memlint.catalogue.model import Acquire, Kind
from memlint.findings import Span, StepKind
from memlint.flow.wording import cut


class Fate(enum.Enum):
    """What became of a resource on one path."""

    UNRELEASED = "unreleased"
    """Control left the function normally while it was still owed."""
    DISCARDED = "discarded"
    """It was never bound to anything that could release it."""
    REPLACED = "replaced"
    """Its last name was bound to something else, or deleted."""
    RAISED = "raised"
    """An exception carried control past every release."""
    HALF_BUILT = "half built"
    """It was in a field when the constructor raised, so nobody got the object that could release it."""
    RELEASED = "released"
    TRANSFERRED = "transferred"
    """Someone else owns it now: the caller, an object, a callee, a closure."""

    __hash__ = object.__hash__  # as for the states of obligations


LOST = {
    Fate.DISCARDED: "nothing refers to it any more",
    Fate.REPLACED: "its last name is bound to something else",
    Fate.RAISED: "the exception drops it",
    Fate.UNRELEASED: "leaves the function without a release",
}
"""What a witness says at the end of a path."""


class ExitKind(enum.Enum):
    """How control may leave at a step."""

    RAISE = "raises"
    CANCEL = "is cancelled"
    CLOSE = "is closed"
    """A suspended generator is given up: ``GeneratorExit`` arrives at its ``yield``."""


@dataclass(frozen=True, slots=True)
class Site:
    """One expression that acquires one resource."""

    node: ast.AST
    kind: Kind
    entry: Acquire | None
    """The catalogue entry; None when a function of the project is known to acquire."""
    position: int
    """Which element of the result, when one call acquires several."""
    text: str
    """Source text of the call, shortened."""
    origin: tuple[str, Span] | None = None
    """File and place of the wrapped acquisition, when a function of the project acquires."""


@dataclass(slots=True, eq=False)
class Mark:
    """One step of a path, not yet turned into a :class:`memlint.findings.Step`."""

    kind: StepKind
    node: ast.AST
    said: str | bool
    """What happens here; of a test only its outcome, for few tests are ever shown."""
    exit: ExitKind | None = None
    """How an exception starts here, at a step that raises."""

    @property
    def text(self) -> str:
        """What happens here, in words."""
        if isinstance(self.said, str):
            return self.said
        return f"`{cut(ast.unparse(self.node))}` is {'true' if self.said else 'false'}"


@dataclass(slots=True, eq=False)
class Trail:
    """A path as a linked list, last step first; shared between the paths that have it in common."""

    mark: Mark
    before: Trail | None
    length: int

    @staticmethod
    def extend(before: Trail | None, mark: Mark) -> Trail:
        """The same path with one more step."""
        return Trail(mark, before, 1 + (before.length if before else 0))

    def raised_since(self, node: ast.AST) -> Mark | None:
        """The first exception after ``node`` last acquired; an earlier one, when it acquired again since."""
        trail: Trail | None = self
        raised = None
        while trail is not None:
            if trail.mark.kind is StepKind.RAISE:
                raised = trail.mark
            if raised is not None and trail.mark.kind is StepKind.ACQUIRE and trail.mark.node is node:
                break
            trail = trail.before
        return raised

    def left_at(self) -> ast.AST | None:
        """The last ``return`` of the path."""
        trail: Trail | None = self
        while trail is not None and trail.mark.kind is not StepKind.LEAVE:
            trail = trail.before
        return None if trail is None else trail.mark.node

    def marks(self) -> list[Mark]:
        """The steps in order."""
        found: list[Mark] = []
        trail: Trail | None = self
        while trail is not None:
            found.append(trail.mark)
            trail = trail.before
        return found[::-1]


@dataclass(slots=True, eq=False)
class Outcome:
    """One way in which a site's resource ended, with a path that shows it."""

    fate: Fate
    node: ast.AST
    text: str
    trail: Trail | None
    exit: ExitKind | None = None
    raiser: ast.AST | None = None
    """The step at which the exception started."""
    light: bool = False
    """All that this step does is make an object that owes nothing."""


class Misuse(enum.Enum):
    """What is done to a resource too late."""

    USED = "used"
    """A method that fails is called, or a function works on it."""
    RELEASED_AGAIN = "released again"
    RETURNED = "returned"
    """Its block or its ``finally`` releases it on the way out of the function that returns it."""
    STORED = "stored"
    """It is kept in a field, and its block releases it."""


@dataclass(slots=True)
class Use:
    """Something done to a resource at one point of the graph."""

    misuse: Misuse
    node: ast.AST
    late: bool
    """On every path that comes here the resource has been released."""


@dataclass(slots=True)
class SiteRecord:
    """A site and everything that was seen to happen to it."""

    site: Site
    subject: str | None = None
    """The first variable that it was bound to."""
    released_normally: bool = False
    """It was seen to be released where no exception was being handled."""
    outcomes: dict[Fate, Outcome] = field(default_factory=dict)
    """The shortest path to each fate."""
    uses: dict[tuple[Misuse, int, int], Use] = field(default_factory=dict)
    """By syntax and block: the copies of a ``finally`` are places of their own."""
    kept_by_block: ast.AST | None = None
    """A ``with`` that entered it and did not release it."""
    wrong_block: ast.AST | None = None
    """A ``with`` that entered what only ``async with`` can enter, or the other way round."""

    def use(self, misuse: Misuse, node: ast.AST, block: int, *, late: bool) -> None:
        """Remember a use; it is late only when it is so on every path."""
        known = self.uses.setdefault((misuse, id(node), block), Use(misuse, node, late))
        known.late = known.late and late

    def settled(self, fate: Fate) -> bool:
        """Whether an exception is known to lose it in this way, and no other path would say more."""
        known = self.outcomes[fate]
        by_exception = fate is Fate.RAISED or fate is Fate.HALF_BUILT
        return by_exception and not known.light and known.exit is not ExitKind.CANCEL

    def note(self, outcome: Outcome) -> None:
        """Remember an outcome, if it is the first of its fate.

        What raises says more than what is cancelled, and what works more than what only makes an object.
        """
        known = self.outcomes.get(outcome.fate)
        if (
            known is None
            or known.light > outcome.light
            or (known.exit is ExitKind.CANCEL and outcome.exit is ExitKind.RAISE and not outcome.light)
        ):
            self.outcomes[outcome.fate] = outcome
