"""Runs a program of the proof's language once, by decisions that a fix does not shift, and says what it did.

Whatever asks for a decision (what may fail, what a condition says) asks in the same order before and after a fix, for a
fix adds nothing but releases, and these ask for none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace

ASKED_AT_MOST = 300
FAULTS = (OSError, ValueError, KeyError)


class Endless(BaseException):
    """The program asks and asks."""


class Error(Exception):
    """What programs raise themselves."""


@dataclass
class Run:
    """What one execution did."""

    events: list[tuple[object, ...]] = field(default_factory=list)
    """Everything but releases, in order; an operation also tells whether its resource was released by then."""
    leaked: set[int] = field(default_factory=set)
    """The sites of which something was neither released nor given to anybody else."""
    result: object = None
    """What was returned, or the class of what was raised."""


class Resource:
    """What programs acquire; it notes what is done with it."""

    def __init__(self, stage: Stage, site: int) -> None:
        self.stage, self.site = stage, site
        self.closed = self.owned = False
        stage.made.append(self)

    def close(self) -> None:
        """Release; nothing else."""
        self.closed = True

    def use(self) -> None:
        """An operation that may fail."""
        self.stage.did("use", self)
        self.stage.may_fail()

    def peek(self) -> int:
        """An operation that cannot."""
        self.stage.did("peek", self)
        return 7

    def aclose(self) -> Closing:
        """Release, once awaited."""
        return Closing(self)

    def __enter__(self) -> Resource:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    async def __aenter__(self) -> Resource:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True


class Closing:
    """A release to await."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource

    def __await__(self) -> Iterator[None]:
        self.resource.closed = True
        yield


class Opening:
    """A connection being opened: to await, or to enter."""

    def __init__(self, stage: Stage, site: int) -> None:
        self.stage, self.site = stage, site
        self.entered: Resource | None = None

    def __await__(self) -> Iterator[None]:
        self.stage.did("connect", self.site)
        self.stage.may_fail()
        yield
        return Resource(self.stage, self.site)

    async def __aenter__(self) -> Resource:
        self.entered = await self  # type: ignore[misc]  # an awaitable of the test's own
        assert self.entered is not None
        return self.entered

    async def __aexit__(self, *_: object) -> None:
        assert self.entered is not None
        self.entered.closed = True


class Stage:
    """Decides, and writes down."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)
        self.asked = 0
        self.run = Run()
        self.made: list[Resource] = []

    def choose(self, ways: int) -> int:
        """One of ``ways`` ways."""
        self.asked += 1
        if self.asked > ASKED_AT_MOST:
            raise Endless
        return self.random.randrange(ways)

    def may_fail(self) -> None:
        """Raise now and then."""
        way = self.choose(12)
        if way < len(FAULTS):
            raise FAULTS[way]

    def did(self, what: str, of: object) -> None:
        """Write an event down."""
        told = (of.site, of.closed) if isinstance(of, Resource) else of
        self.run.events.append((what, told))

    def module(self) -> SimpleNamespace:
        """The module ``res``."""

        def acquire(site: int) -> Resource:
            self.did("acquire", site)
            self.may_fail()
            return Resource(self, site)

        def pair(site: int) -> tuple[Resource, Resource]:
            return acquire(site), Resource(self, site)

        def work(*given: object) -> None:
            for each in given or (None,):
                self.did("work", each)
            self.may_fail()

        def keep(resource: object) -> None:
            self.did("keep", resource)
            own(resource)
            self.may_fail()

        def flip(number: int) -> bool:
            return bool(self.choose(2)) and number > 0

        def turns(_: int) -> Iterator[int]:
            yield from range(self.choose(3))

        async def pause() -> None:
            self.did("pause", None)
            self.may_fail()

        return SimpleNamespace(
            acquire=acquire, pair=pair, work=work, look=work, keep=keep, flip=flip, turns=turns,
            more=lambda _: self.choose(3) > 0, pause=pause, connect=lambda site: Opening(self, site), Error=Error,
        )  # fmt: skip


class Box:
    """An object of somebody else's."""

    def __setattr__(self, name: str, value: object) -> None:
        own(value)
        object.__setattr__(self, name, value)


def own(value: object) -> None:
    """Somebody else has it from now on."""
    if isinstance(value, Resource):
        value.owned = True
    elif isinstance(value, (tuple, list)):
        for each in value:
            own(each)


def run(text: str, seed: str) -> Run:
    """Run ``main`` of a program by the decisions of a seed."""
    stage = Stage(seed)
    namespace: dict[str, object] = {"res": stage.module()}
    exec(compile(text.replace("import res\n", "\n"), "<program>", "exec"), namespace)
    main = namespace["main"]
    assert callable(main)
    given = Random(seed)
    outcome = stage.run
    try:
        value = main(given.random() < 0.5, given.random() < 0.5, given.randrange(2), Box())
        if asyncio.iscoroutine(value):
            value = asyncio.run(value)
        elif hasattr(value, "send"):
            value = [own(each) for each in value]
        own(value)
        outcome.result = _shape(value)
    except (Exception, Endless) as error:
        outcome.result = type(error).__name__
    outcome.leaked = {each.site for each in stage.made if not each.closed and not each.owned}
    return outcome


def _shape(value: object) -> object:
    """A result without identities."""
    if isinstance(value, Resource):
        return ("resource", value.site, value.closed)
    if isinstance(value, tuple):
        return tuple(map(_shape, value))
    return value if isinstance(value, (int, str, bool, type(None))) else type(value).__name__
