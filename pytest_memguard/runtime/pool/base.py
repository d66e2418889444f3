"""What both kinds of pool are besides acquiring: a name, a state, a face in reports, an owner."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from math import inf
from typing import Any, ClassVar, Final, Generic, TypeVar

from ..errors import Closed, MemguardError
from ..lease import BaseLease, register
from ..origin import Origin, snapshot
from ..ownership import Ownership, on_fork
from .lease import disown, live
from .options import Options
from .plan import Planner
from .slot import Slot
from .state import PoolState, Waiter
from .statistics import PoolStatistics

T = TypeVar("T")

_inherited: list[object] = []
"""In a forked child, the parent's resources: kept for ever, since even their finalizers could talk to a server."""


class Default:
    """The type of "as the pool says", for timeouts: None means for ever."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT: Final = Default()


class BasePool(Generic[T]):
    """The common part of `Pool` and `AsyncPool`; not to be made by itself."""

    _noun: ClassVar[str]
    _waiter: ClassVar[type[Waiter[Any]]]

    def __init__(
        self,
        factory: Callable[[], Any],
        options: Options,
        clock: Callable[[], float],
        random: Callable[[], float],
        checked: bool,
        reopen_elsewhere: bool,
    ) -> None:
        self.label = f"{self._noun} {options.name!r}"
        self._factory = factory
        self._options = options
        self._clock = clock
        self._random = random
        self._checked = checked
        self._reopen_elsewhere = reopen_elsewhere
        self._owner = Ownership(self.label)
        self._start_afresh()
        register(self)
        on_fork(self)

    def _start_afresh(self) -> None:
        """Begin with no resource: at birth, and in another process or loop with `reopen_elsewhere`."""
        self._state: PoolState[T] = PoolState(self._options, self._clock, self._random)
        if not self._checked:
            self._state.check_after = inf
        self._planner = Planner(self.label, self._state, self._make_lock(), self._waiter)

    def _make_lock(self) -> AbstractContextManager[Any]:
        raise NotImplementedError

    # -- looking -----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """As given, or after the factory."""
        return self._options.name

    @property
    def origin(self) -> Origin:
        """Where the pool was made."""
        return self._owner.origin

    @property
    def closed(self) -> bool:
        """Whether it refuses borrowers, for good."""
        return self._state.refusal is not None

    def statistics(self) -> PoolStatistics:
        """What the pool has and has counted, as one frozen record."""
        return self._state.statistics()

    def outstanding(self) -> Iterable[BaseLease[T]]:
        """The leases that have begun and not ended, oldest first."""
        return sorted(live(tuple(self._state.slots)), key=lambda lease: lease.id)

    def __repr__(self) -> str:
        now = self._state.statistics()
        status = "closed, " if self.closed else "draining, " if self._state.paused else ""
        return (
            f"<{self.label} [{status}Leases: {now.leased} out, {now.waiting} waiting | "
            f"Resources: {now.idle} idle, {now.open} open of {now.maximum}]>"
        )

    # -- ending ------------------------------------------------------------------------------------

    def _refuse(self) -> list[Slot[T]]:
        """Begin to close: who asks from now on is told; the idle slots are to be closed."""
        if self._state.refusal is not None:
            return []
        label, made, ended = self.label, self.origin, Origin(snapshot())

        def closed() -> MemguardError:
            return Closed(
                f"{label}, made at {made}, was closed at {ended}. "
                "Close it after its last user has ended, or make another."
            )

        return self._state.refuse(closed)

    def after_fork_in_child(self) -> None:
        """Leave the parent's resources alone, and refuse or start afresh."""
        disown(tuple(self._state.slots), self.label)
        _inherited.append(self._state)
        refusal = self._state.refusal or (None if self._reopen_elsewhere else self._owner.wrong_process)
        if self._reopen_elsewhere:
            self._owner = Ownership(self.label)
        self._start_afresh()
        self._state.refusal = refusal


def default_name(factory: Callable[..., Any]) -> str:
    """A name for a pool that was given none: the factory's."""
    return str(getattr(factory, "__qualname__", None) or type(factory).__name__)


def close_itself(resource: Any, names: tuple[str, ...] = ("close",)) -> Any:
    """Call the resource's own close method, if it has one; the answer may be awaitable."""
    for name in names:
        method = getattr(resource, name, None)
        if callable(method):
            return method()
    return None
