"""A resource that exists only to be leaked, and the module ``res`` that gives it to the programs under proof.

Every operation that the raise model lets fail asks an :class:`Oracle` whether it fails in this execution; every
resource keeps a :class:`Record` of what became of it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Container, Generator, Iterator
from dataclasses import dataclass, field
from types import FrameType, SimpleNamespace, TracebackType

WHY = "part of the proof"
TABLE: dict[str, object] = {
    "kind": [
        {
            "name": "fake resource", "label": "a fake resource", "category": "handle", "release": ["close"],
            "context": "releases", "types": ["res.Resource"], "quiet": ["peek"], "why": WHY,
        },
        {
            "name": "fake connection", "label": "a fake connection", "category": "handle", "release": ["aclose"],
            "async_context": "releases", "awaited_release": True, "types": ["res.Connection"], "quiet": ["peek"],
            "why": WHY,
        },
    ],
    "acquire": [
        {"call": "res.acquire", "kind": "fake resource", "why": WHY},
        {"call": "res.pair", "kind": "fake resource", "positions": [0, 1], "why": WHY},
        {"call": "res.connect", "kind": "fake connection", "awaited": True, "why": WHY},
    ],
    "borrow": [{"call": "res.look", "why": WHY}],
    "quiet": [{"call": ["res.flip", "res.turns", "res.more"], "why": WHY}],
}  # fmt: skip
"""What memlint is told of ``res``: the user's ``[tool.memlint.catalogue]``."""


MISTAKES = (NameError, AttributeError, TypeError, RecursionError)
"""What a program raises that uses a name which holds nothing: the modelled language has no such programs."""


class Error(Exception):
    """What programs raise themselves; ``stage`` decides which other classes it is of."""


class Impossible(BaseException):
    """An assertion does not hold: assertions are believed, so there is no such execution."""


class Endless(BaseException):
    """A loop turns without end."""


@dataclass(slots=True, eq=False)
class Record:
    """One acquired resource in one execution."""

    site: int
    cleanup: bool
    """Acquired inside a ``finally`` or an ``except``."""
    raised: int
    """Exceptions that had started before it was acquired."""
    position: int = 0
    """Which element, when a call gives several."""
    state: str = "held"
    """``held``, ``lent``, ``released``, ``transferred``, ``normal`` or ``error`` (the two ways to be lost)."""
    raisers: tuple[int, ...] = ()
    """Where exceptions started since it was acquired, when it is lost; in flight already, when none did since."""
    forgiven: bool = False
    """An exception was let start while cleaning up for something else: nothing is asked of this one any more."""

    def lose(self, raisings: list[int], *, raised: bool = False) -> None:
        """It can never be released any more; ``raised`` when that is because the function ends by an exception."""
        since = raisings[self.raised :]
        self.state = "error" if raised or since else "normal"
        self.raisers = tuple(since or raisings)


class Oracle:
    """Replays a prefix of decisions, then takes the first choice each time and remembers how many there were."""

    def __init__(self, prefix: tuple[int, ...]) -> None:
        self.prefix = prefix
        self.taken: list[int] = []
        self.widths: list[int] = []

    def choose(self, ways: int) -> int:
        """One of ``ways`` ways."""
        index = len(self.taken)
        way = self.prefix[index] if index < len(self.prefix) else 0
        self.taken.append(way)
        self.widths.append(ways)
        return way

    def following(self) -> tuple[int, ...] | None:
        """The decisions of the next execution, depth first; None after the last."""
        for index in range(len(self.taken) - 1, -1, -1):
            if self.taken[index] + 1 < self.widths[index]:
                return (*self.taken[:index], self.taken[index] + 1)
        return None


@dataclass(slots=True)
class Bounds:
    """How far executions go."""

    faults: int = 2
    """Injected exceptions in one execution."""
    turns: int = 2
    """Turns of one loop."""
    executions: int = 3000
    """Executions of one function."""


@dataclass
class Stage:
    """One execution: its oracle, its records and what the program sees as ``res``."""

    oracle: Oracle
    bounds: Bounds
    variants: Variants
    cleanup: frozenset[int]
    """Lines that stand in a ``finally`` or an ``except``."""
    draining: frozenset[int]
    """Lines that release each element of a container: they do not fail."""
    kept: frozenset[tuple[int, int]] = frozenset()
    """Sites that go on owning what they hand to an unknown callee."""
    records: list[Record] = field(default_factory=list)
    raisings: list[int] = field(default_factory=list)
    """The lines at which exceptions started, in order."""
    faults: int = 0
    blocked: int = 0
    """Depth of helper calls from a place where nothing may fail."""
    reclaimed: set[tuple[int, int]] = field(default_factory=set)
    turned: dict[int, int] = field(default_factory=dict)
    turns: int = 0
    discarded: bool = False
    invalid: str | None = None
    """How the program left the modelled language, if it did."""

    def record(self, site: int, line: int, position: int = 0) -> Record:
        """A new obligation of the running function."""
        record = Record(site, line in self.cleanup, len(self.raisings), position)
        self.records.append(record)
        return record

    def event(self, line: int) -> None:
        """An exception starts."""
        self.raisings.append(line)

    def again(self) -> None:
        """A handler raises what it handles again: it starts here, and where it started before."""
        self.raisings += [line_of(sys._getframe(1)), *self.raisings]

    def returning(self, value: object) -> object:
        """A ``return`` of a value, which a function that has lent it out thereby shows to be its own."""
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Resource) and each.record in self.records:
                self.reclaim(each.record)
        return value

    def reclaim(self, record: Record) -> None:
        """What was handed to an unknown callee is released or returned after all, and not only after a failure."""
        if record.state == "lent" and sys.exc_info()[0] is None:
            self.reclaimed.add((record.site, record.position))

    def turn(self) -> None:
        """A ``while`` turns."""
        self.turns += 1
        if self.turns > 200:
            raise Endless

    def impossible(self) -> Impossible:
        """This execution is none."""
        self.discarded = True
        return Impossible()

    def raising(self) -> type[BaseException]:
        """What the program's own ``raise res.Error`` raises this time."""
        self.event(line_of(sys._getframe(1)))
        variants = self.variants.explicit
        return variants[self.oracle.choose(len(variants)) if len(variants) > 1 else 0]

    def may_fail(self, line: int, variants: list[type[BaseException]]) -> None:
        """Raise, if the oracle says so and the raise model allows it at this line."""
        cleaning = line in self.cleanup
        if not line or self.blocked or line in self.draining or self.faults >= self.bounds.faults:
            return
        if cleaning and not self.holds_cleanup():
            return
        way = self.oracle.choose(1 + len(variants))
        if not way:
            return
        self.faults += 1
        self.event(line)
        self.forgive(line)
        raise variants[way - 1]

    def leaving(self, line: int, *, forgiven: bool) -> type[BaseException]:
        """The class by which a caller sees an exception that leaves a function called at ``line``: any."""
        self.event(line)
        if forgiven:
            self.forgive(line)
        variants = self.variants.unknown
        return variants[self.oracle.choose(len(variants)) if len(variants) > 1 else 0]

    def forgive(self, line: int) -> None:
        """An exception starts; if that is while cleaning up, what was acquired before is not asked for any more."""
        if line in self.cleanup:
            for record in self.records:
                if not record.cleanup and record.state == "held":
                    record.forgiven = True

    def check(self) -> None:
        """A handler has caught something: see whether it is of the modelled language."""
        self.mistake(sys.exc_info()[1])

    def mistake(self, error: BaseException | None) -> None:
        """Note it when an exception is none of the modelled language."""
        if isinstance(error, MISTAKES):
            self.invalid = f"{type(error).__name__}: {error}"

    def holds_cleanup(self, besides: Container[Record] = ()) -> bool:
        """Whether something that was acquired while cleaning up is owed, ``besides`` some records."""
        return any(r.cleanup and r.state == "held" and r not in besides for r in self.records)


class Resource:
    """What programs acquire."""

    __slots__ = ("record", "stage")

    def __init__(self, stage: Stage, record: Record) -> None:
        self.stage = stage
        self.record = record

    def close(self) -> None:
        """Release; an exception that comes of it comes afterwards."""
        self.released()
        self.stage.may_fail(line_of(sys._getframe(1)), self.stage.variants.unknown)

    def released(self) -> None:
        """Release without a failure."""
        record = self.record
        self.stage.reclaim(record)
        if record.state in ("held", "lent"):
            record.state = "released"

    def use(self) -> None:
        """An operation on the resource, which may fail with its library's own errors."""
        self.stage.may_fail(line_of(sys._getframe(1)), self.stage.variants.unknown)

    def peek(self) -> int:
        """An operation that cannot fail."""
        return 7

    def __enter__(self) -> Resource:
        return self

    def __exit__(self, *exception: object) -> None:
        self.released()

    def __del__(self) -> None:
        stage, record = self.stage, self.record
        if record.state == "held":
            record.lose(stage.raisings)


class Connection(Resource):
    """A resource whose release is a coroutine."""

    __slots__ = ()

    def aclose(self) -> Suspension:
        """Release once awaited; what comes of it comes afterwards."""
        return Suspension(self.stage, line_of(sys._getframe(1)), before=self.released)

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.released()


@dataclass(slots=True)
class Suspension:
    """Something to await: it may fail, and while it waits cancellation may strike."""

    stage: Stage
    line: int
    before: Callable[[], object] = bool
    then: Callable[[], object] = bool
    entered: Connection | None = None

    async def __aenter__(self) -> object:
        entered = await self
        assert isinstance(entered, Connection)
        self.entered = entered
        return entered

    async def __aexit__(self, *exception: object) -> None:
        assert self.entered is not None
        self.entered.released()

    def __await__(self) -> Generator[None, None, object]:
        self.before()
        self.stage.may_fail(self.line, self.stage.variants.unknown)
        yield
        return self.then()


PROGRAM = "<program>"


def line_of(frame: FrameType) -> int:
    """The program's line that ``frame`` is at; 0 for code that is not the program's."""
    return frame.f_lineno if frame.f_code.co_filename == PROGRAM else 0


class Variants:
    """The exception classes by which faults of a program are raised: see docs/explanation/proof.md.

    ``caught`` are the classes that the program's ``except`` clauses name.
    """

    BROAD: tuple[type[Exception], ...] = (OSError, ValueError)
    NARROW: tuple[type[Exception], ...] = (KeyError, IndexError)

    def __init__(self, caught: frozenset[str]) -> None:
        self.error = Error
        broad: tuple[type[Exception], ...] = (Error, *self.BROAD)
        narrow = [c for c in self.NARROW if c.__name__ in caught]
        own: list[type[Exception]] = [c for c in (Error, ValueError) if c.__name__ in caught]
        every = [c for c in (*self.BROAD, *self.NARROW) if c.__name__ in caught]
        self.unknown: list[type[BaseException]] = [_made(*broad, *some) for some in _subsets(narrow)]
        """What an unknown callee may raise, and an operation on a library's resource."""
        self.operating: list[type[BaseException]] = [_made(OSError, *some) for some in _subsets(own)]
        """What an acquisition may raise."""
        self.explicit: list[type[BaseException]] = [_made(Error, *some) for some in _subsets(every)]
        """What ``raise res.Error`` may be besides ``res.Error``."""


def _subsets(classes: list[type[Exception]]) -> Iterator[tuple[type[Exception], ...]]:
    for bits in range(1 << len(classes)):
        yield tuple(c for i, c in enumerate(classes) if bits >> i & 1)


_MADE: dict[tuple[type[Exception], ...], type[Exception]] = {}


def _made(*bases: type[Exception]) -> type[Exception]:
    if bases not in _MADE:
        _MADE[bases] = type("Of" + "".join(base.__name__ for base in bases), bases, {})
    return _MADE[bases]


class Box:
    """An object of somebody else's: what is stored in it has another owner."""

    def __setattr__(self, name: str, value: object) -> None:
        for resource in reachable(value):
            transfer(resource)
        object.__setattr__(self, name, value)


class Undecided:
    """An argument, true or equal to what it is compared with or neither: decided when that is first asked."""

    __slots__ = ("stage", "value")

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.value: bool | None = None

    def __eq__(self, other: object) -> bool:
        return bool(self)

    def __ne__(self, other: object) -> bool:
        return not self

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        if self.value is None:
            self.value = bool(self.stage.oracle.choose(2))
        return self.value


def reachable(value: object) -> Iterator[Resource]:
    """The resources in a value: itself, or elements of tuples and lists."""
    if isinstance(value, Resource):
        yield value
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from reachable(each)


def transfer(resource: Resource) -> None:
    """Someone else owns it from now on."""
    if resource.record.state == "held":
        resource.record.state = "transferred"


def managers(stage: Stage) -> SimpleNamespace:
    """What programs use of :mod:`contextlib`; ``suppress`` tells when it hides a mistake of the program."""

    class Suppress(contextlib.suppress):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> bool:
            stage.mistake(error)
            return super().__exit__(kind, error, trace)

    return SimpleNamespace(
        suppress=Suppress, closing=contextlib.closing, ExitStack=contextlib.ExitStack,
        contextmanager=contextlib.contextmanager,
    )  # fmt: skip


def module(stage: Stage) -> SimpleNamespace:
    """The module ``res`` of one execution."""

    def acquire(site: int) -> Resource:
        line = line_of(sys._getframe(1))
        stage.may_fail(line, stage.variants.operating)
        return Resource(stage, stage.record(site, line))

    def pair(site: int) -> tuple[Resource, Resource]:
        line = line_of(sys._getframe(1))
        stage.may_fail(line, stage.variants.operating)
        return Resource(stage, stage.record(site, line)), Resource(stage, stage.record(site, line, 1))

    def work(*_: object) -> None:
        stage.may_fail(line_of(sys._getframe(1)), stage.variants.unknown)

    def keep(resource: Resource) -> None:
        for each in reachable(resource):
            if each.record.state == "held" and (each.record.site, each.record.position) not in stage.kept:
                each.record.state = "lent"
        stage.may_fail(line_of(sys._getframe(1)), stage.variants.unknown)

    def flip(_: int) -> bool:
        return bool(stage.oracle.choose(2))

    def turns(_: int) -> Iterator[int]:
        turned = 0
        while turned < stage.bounds.turns and stage.oracle.choose(2):
            turned += 1
            yield turned

    def more(loop: int) -> bool:
        stage.turned[loop] = stage.turned.get(loop, 0) + 1
        return stage.turned[loop] <= stage.bounds.turns and bool(stage.oracle.choose(2))

    def connect(site: int) -> Suspension:
        line = line_of(sys._getframe(1))
        stage.may_fail(line, stage.variants.operating)
        return Suspension(stage, line, then=lambda: Connection(stage, stage.record(site, line)))

    def pause() -> Suspension:
        line = line_of(sys._getframe(1))
        stage.may_fail(line, stage.variants.unknown)
        return Suspension(stage, line)

    return SimpleNamespace(
        acquire=acquire, pair=pair, connect=connect, pause=pause, work=work, look=work, keep=keep,
        flip=flip, turns=turns, more=more, Error=Error,
    )  # fmt: skip
