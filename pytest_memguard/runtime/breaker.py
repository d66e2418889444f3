"""A circuit breaker that lets one probe through at a time, and takes a cancellation for what it is: no answer.

Closed, open and half-open as in M. Nygard, "Release It!" (2007).  In half-open, four Python breakers let
everybody through at once, or take a cancelled probe for a failure; here the probe is a lease, so it comes
back when its holder is cancelled, forgets it or hangs.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from types import TracebackType
from typing import Any, Literal, ParamSpec, TypeAlias, TypeVar, cast

from .errors import CircuitOpen
from .lease import BaseLease, Book, Ending, Lease, register
from .origin import snapshot
from .ownership import on_fork

P = ParamSpec("P")
R = TypeVar("R")

Condition: TypeAlias = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class BreakerStatistics:
    """The state of a circuit breaker at one moment, and what it has counted."""

    state: Condition
    failures: int
    """Failures in a row, up to now."""
    failed: int
    """Calls that failed."""
    refused: int
    """Calls that were not let through."""
    probes: int
    """Calls that were let through to see whether the service is back."""
    opened: int
    """How often the circuit opened."""


class CircuitBreaker:
    """Refuses calls to a service that keeps failing, and tries it again, one call at a time, after a while.

    >>> breaker = CircuitBreaker("payments", failures=2, open_for=30)
    >>> for _ in range(2):
    ...     try:
    ...         with breaker.attempt():
    ...             raise ConnectionError("refused")
    ...     except ConnectionError:
    ...         pass
    >>> breaker.state
    'open'

    It opens after `failures` in a row.  An exception of `trip_on` is a failure; another one means that the
    service answered; a cancellation or interruption means nothing.  `open_for` seconds later the next call
    is the probe: it closes the circuit or opens it anew.  A probe that has not ended after `probe_timeout`
    seconds is replaced, and its late verdict ignored.  The same breaker serves threads and event loops;
    called with a function, it wraps it.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int = 5,
        open_for: float = 30.0,
        probe_timeout: float = 30.0,
        trip_on: tuple[type[Exception], ...] = (Exception,),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if failures < 1:
            raise ValueError(f"circuit breaker {name!r}: failures must be at least 1, not {failures}")
        self.name = name
        self.label = f"CircuitBreaker {name!r}"
        self._threshold, self._open_for, self._probe_timeout = failures, open_for, probe_timeout
        self._trip_on = trip_on
        self._clock = clock
        self._failures = self._failed = self._refused = self._probes = self._opened = 0
        self._open_until: float | None = None
        """None while the circuit is closed."""
        self._era = 0
        """Grows with each change between closed and open: the verdict of an earlier era counts no more."""
        self._probe: int | None = None
        self._probe_until = 0.0
        self._leases = Book()
        self._dropped: deque[int] = deque()
        self._lock = threading.Lock()
        register(self)
        on_fork(self)

    @property
    def state(self) -> Condition:
        """Whether calls go through, are refused, or one may try."""
        if self._open_until is None:
            return "closed"
        return "open" if self._clock() < self._open_until else "half-open"

    def attempt(self) -> Attempt:
        """Ask to make a call: a context manager, sync and async, around it.  Raises `CircuitOpen`."""
        if self._open_until is None:
            return Attempt(self, self._era, None)
        with self._lock:
            now = self._clock()
            self._take_in()
            if self.state == "closed":  # since a moment ago: another's probe succeeded
                return Attempt(self, self._era, None)
            probing = self._probe is not None and now < self._probe_until
            if self.state == "open" or probing:
                self._refused += 1
                raise CircuitOpen(self._refusal(now, probing))
            lease: Lease[None] = Lease(self, None, "probe", snapshot())
            self._probe, self._probe_until = lease.id, now + self._probe_timeout
            self._probes += 1
            self._leases.enter(lease)
            return Attempt(self, self._era, lease)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Wrap a function or coroutine function so that each call is an attempt."""
        if iscoroutinefunction(function):
            awaited = cast(Callable[P, Awaitable[Any]], function)

            @wraps(function)
            async def call_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self.attempt():
                    return await awaited(*args, **kwargs)

            return cast(Callable[P, R], call_async)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with self.attempt():
                return function(*args, **kwargs)

        return call

    def statistics(self) -> BreakerStatistics:
        """Its state and counters, as one frozen record."""
        return BreakerStatistics(self.state, self._failures, self._failed, self._refused, self._probes, self._opened)

    def outstanding(self) -> Iterable[BaseLease[Any]]:
        """The probe, while it is under way."""
        return tuple(self._leases)

    def __repr__(self) -> str:
        return f"<{self.label} [{self.state} | {self._failures} of {self._threshold} failures in a row]>"

    # -- verdicts ----------------------------------------------------------------------------------

    def succeeded(self, era: int, lease: Lease[None] | None) -> None:
        """The service answered."""
        if lease is None and (not self._failures or era != self._era):
            return
        with self._lock:
            if era == self._era and (lease is None or lease.id == self._probe):
                self._failures = 0
                if lease is not None:
                    self._change(None)

    def failed(self, era: int, lease: Lease[None] | None) -> None:
        """The service did not answer."""
        with self._lock:
            self._failed += 1
            if era != self._era or (lease is not None and lease.id != self._probe):
                return
            self._failures += 1
            if lease is not None or self._failures >= self._threshold:
                self._opened += 1
                self._change(self._clock() + self._open_for)

    def _change(self, open_until: float | None) -> None:
        self._open_until = open_until
        self._probe = None
        self._era += 1

    def take_back(self, lease: Lease[None], _value: None, ending: Ending, /) -> None:
        """Called by the probe's lease when it ends; not for others."""
        self._leases.strike(lease)
        if ending == "dropped":  # inside the collector, perhaps with the lock held by this very thread
            self._dropped.append(lease.id)
            return
        with self._lock:
            if self._probe == lease.id:  # no verdict: it was cancelled
                self._probe = None

    def _take_in(self) -> None:
        while self._dropped:
            if self._dropped.popleft() == self._probe:
                self._probe = None

    def _refusal(self, now: float, probing: bool) -> str:
        if probing:
            why = "a probe is under way to see whether the service is back"
        else:
            assert self._open_until is not None
            why = f"it may be tried again in {self._open_until - now:.3g} s"
        return (
            f"{self.label} is open after {self._failures} failures in a row; {why}. "
            "Answer from a fallback, or fail fast; it recovers by itself."
        )

    def after_fork_in_child(self) -> None:
        """Keep what is known of the service; the parent's probe is the parent's."""
        self._lock = threading.Lock()
        self._probe = None
        self._leases = Book()


class Attempt:
    """One call under a circuit breaker: `with` and `async with` alike, since it never waits."""

    __slots__ = ("_breaker", "_era", "_lease")

    def __init__(self, breaker: CircuitBreaker, era: int, lease: Lease[None] | None) -> None:
        self._breaker, self._era, self._lease = breaker, era, lease

    @property
    def is_probe(self) -> bool:
        """Whether this call decides if the circuit closes."""
        return self._lease is not None

    def __enter__(self) -> Attempt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        breaker = self._breaker
        if kind is None or (issubclass(kind, Exception) and not issubclass(kind, breaker._trip_on)):
            breaker.succeeded(self._era, self._lease)
        elif issubclass(kind, Exception):
            breaker.failed(self._era, self._lease)
        if self._lease is not None:
            self._lease.release()

    async def __aenter__(self) -> Attempt:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)
