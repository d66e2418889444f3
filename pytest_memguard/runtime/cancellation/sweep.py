"""`cancel_everywhere`: cancel a body at each of its awaits, and look whether anything was lost."""

from __future__ import annotations

import asyncio
import gc
import os
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, TypeAlias, TypeVar

from ..closing import ClosingTask
from ..errors import CancellationSwallowed, CapacityLost, LeftOpen, MemguardError
from ..lease import outstanding
from ..origin import Origin
from .capacity import CapacityOf, usable
from .stepping import MOMENTS, Moment, Stepper

S = TypeVar("S")
Use: TypeAlias = Callable[[S], Coroutine[Any, Any, object]]


_MOMENT = 0.2
"""Seconds that tasks have to end by themselves once everything is closed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the body, cancelled at some awaits (or, the first, at none)."""

    strikes: tuple[tuple[int, Moment], ...]
    place: Origin
    """Where the body was when it was first cancelled."""
    awaits: int
    struck: int
    swallowed: bool
    """It was cancelled and ran to its end as if nothing had happened."""
    capacity: int | None
    left_open: tuple[str, ...]

    def __str__(self) -> str:
        when = " and again at ".join(f"await {step} ({moment})" for step, moment in self.strikes)
        return f"cancelled at {when}, {_telling(self.place)}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of all trials."""

    awaits: int
    """How many awaits the body has when it is left alone."""
    capacity: int | None
    """How much the subject could lend when the body was left alone."""
    trials: tuple[Trial, ...]
    problems: tuple[MemguardError, ...] = field(default=())

    @property
    def lost(self) -> int:
        """Trials after which less could be lent."""
        return sum(isinstance(problem, CapacityLost) for problem in self.problems)

    @property
    def swallowed(self) -> int:
        """Trials whose cancellation had no effect."""
        return sum(isinstance(problem, CancellationSwallowed) for problem in self.problems)

    @property
    def left_open(self) -> int:
        """Trials after which something was open that nothing closes."""
        return sum(isinstance(problem, LeftOpen) for problem in self.problems)


def _telling(place: Origin) -> object:
    """The innermost line that is neither the standard library's nor ours: who sleeps, not `asyncio.sleep`."""
    library, ours = os.path.dirname(os.__file__), os.path.dirname(os.path.dirname(__file__))
    for frame in place.frames():
        plumbing = frame.file.startswith(library) and "site-packages" not in frame.file
        if not plumbing and not frame.file.startswith(ours):
            return frame
    return place


def cancel_everywhere(
    make: Callable[[], S | Awaitable[S]],
    use: Use[S],
    *,
    capacity: CapacityOf | None = usable,
    close: Callable[[S], object] | None = None,
    meanwhile: Use[S] | None = None,
    double: bool = False,
    most: int = 1000,
    patience: float = 10.0,
    complain: bool = True,
) -> Sweep:
    """Run `use(make())` once for each of its awaits and cancel it there, in a fresh event loop each time.

    Each await is cancelled at two moments: while it waits, and just after what it waited for has come.
    With `double` the body is cancelled again one, two and three awaits later.  After each run, three things
    must hold: the body ended by the cancellation; `capacity(subject)` is what it is after an uncancelled
    run; and once `close(subject)` is done (by default its `aclose` or `close`) no descriptor, no lease, no
    running task and no `ResourceWarning` is left over.  `meanwhile` runs beside the body from the start, to
    make it wait.  It, and the close, are given up after `patience` seconds; a close that hangs has left
    something open.

    Returns the sweep; raises an `ExceptionGroup` of `CancellationSwallowed`, `CapacityLost` and `LeftOpen`,
    each naming the await, unless `complain` is false.  Must be called outside any event loop.

    >>> from pytest_memguard.runtime import AsyncPool, cancel_everywhere
    >>> async def connect():
    ...     await asyncio.sleep(0)
    ...     return object()
    >>> async def borrow(pool):
    ...     async with pool.acquire():
    ...         await asyncio.sleep(0)
    >>> cancel_everywhere(lambda: AsyncPool(connect, maximum=2), borrow).lost
    0
    """
    rig = _Rig(make, use, capacity, close or _close, meanwhile, patience)
    undisturbed = rig.run({})
    trials: list[Trial] = []
    for step in range(1, most + 1):
        reached = False
        for strikes in _plans(step, double):
            trial = rig.run(dict(strikes))
            if trial.struck:
                reached = True
                trials.append(trial)
        if not reached and step > undisturbed.awaits:
            break
    problems = tuple(problem for trial in trials for problem in _judge(trial, undisturbed))
    if problems and complain:
        raise ExceptionGroup(f"{len(trials)} cancellations of {use!r} went wrong {len(problems)} times", problems)
    return Sweep(undisturbed.awaits, undisturbed.capacity, tuple(trials), problems)


def _plans(step: int, double: bool) -> Iterator[tuple[tuple[int, Moment], ...]]:
    for moment in MOMENTS:
        yield ((step, moment),)
        if double:
            for later in (1, 2, 3):
                yield ((step, moment), (step + later, "waiting"))


def _judge(trial: Trial, undisturbed: Trial) -> Iterator[MemguardError]:
    if trial.swallowed:
        yield CancellationSwallowed(f"{trial}: the body ran to its end as if nothing had happened")
    if trial.capacity is not None and undisturbed.capacity is not None and trial.capacity < undisturbed.capacity:
        yield CapacityLost(f"{trial}: {trial.capacity} of {undisturbed.capacity} slots can still be used")
    extra = [what for what in trial.left_open if what not in undisturbed.left_open]
    if extra:
        yield LeftOpen(f"{trial}: left open {', '.join(extra)}")


class _Rig:
    """Runs trials, each in an event loop of its own."""

    def __init__(
        self,
        make: Callable[[], Any],
        use: Use[Any],
        capacity: CapacityOf | None,
        close: Callable[[Any], object],
        meanwhile: Use[Any] | None,
        patience: float,
    ) -> None:
        self._make, self._use, self._capacity = make, use, capacity
        self._close, self._meanwhile, self._patience = close, meanwhile, patience

    def run(self, strikes: dict[int, Moment]) -> Trial:
        """One trial."""
        with _leftovers() as left_open:
            stepper, swallowed, capacity = asyncio.run(self._trial(strikes, left_open))
        return Trial(
            tuple(strikes.items()),
            stepper.place,
            stepper.awaits,
            stepper.struck,
            swallowed,
            capacity,
            tuple(left_open),
        )

    async def _trial(self, strikes: dict[int, Moment], left_open: list[str]) -> tuple[Stepper, bool, int | None]:
        subject = await _answer(self._make())
        other = None
        if self._meanwhile is not None:
            other = asyncio.create_task(self._meanwhile(subject))
            await asyncio.sleep(0)
        stepper = Stepper(self._use(subject), strikes)
        task = asyncio.create_task(_run(stepper))
        await asyncio.wait((task,))
        swallowed = bool(stepper.struck) and not task.cancelled()
        if not task.cancelled() and (error := task.exception()) is not None and not strikes:
            raise error
        if other is not None:
            await asyncio.wait((other,), timeout=self._patience)
            other.cancel()
        capacity = await self._capacity(subject) if self._capacity is not None else None
        closing = asyncio.create_task(_answer(self._close(subject)))
        await asyncio.wait((closing,), timeout=self._patience)
        if closing.done():
            closing.result()
        else:
            closing.cancel()
            left_open.append(f"a close that did not end within {self._patience:g} s")
        left_open += await self._running(other, closing)
        return stepper, swallowed, capacity

    async def _running(self, *known: asyncio.Task[Any] | None) -> list[str]:
        """The tasks that nobody has ended, but for those that finish a clean-up whatever happens."""
        expected = {asyncio.current_task(), *known}
        rest = [task for task in asyncio.all_tasks() - expected if not isinstance(task, ClosingTask)]
        if rest:
            await asyncio.wait(rest, timeout=min(self._patience, _MOMENT))
        names = [getattr(task.get_coro(), "__qualname__", "something") for task in rest if not task.done()]
        return [f"a task that runs {name}" for name in sorted(names)]


async def _run(stepper: Stepper) -> object:
    return await stepper


async def _answer(value: Any) -> Any:
    return await value if isawaitable(value) else value


async def _close(subject: Any) -> None:
    for name in ("aclose", "dispose", "disconnect", "close"):
        method = getattr(subject, name, None)
        if callable(method):
            await _answer(method())
            return


@contextmanager
def _leftovers() -> Iterator[list[str]]:
    """What is open at the end of the block that was not at its beginning, in words.

    The collector rests meanwhile, so that all that the block makes stays young and is found by a young
    collection: a full one would take longer than everything else.
    """
    found: list[str] = []
    leases = {lease.id for lease in outstanding()}
    descriptors = _descriptors()
    collecting = gc.isenabled()
    gc.collect(1)
    gc.disable()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ResourceWarning)
            yield found
            gc.collect(1)
    finally:
        if collecting:
            gc.enable()
    found += [str(each.message) for each in caught if issubclass(each.category, ResourceWarning)]
    found += [str(lease) for lease in outstanding() if lease.id not in leases]
    more = len(_descriptors() - descriptors)
    if more:
        found.append(f"{more} descriptors")


def _descriptors() -> frozenset[int]:
    try:
        return frozenset(int(name) for name in os.listdir("/dev/fd") if _is_open(int(name)))
    except OSError:  # the system does not list them
        return frozenset()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:  # the one that listed the folder
        return False
    return True
