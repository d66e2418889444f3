"""Watching how near the memory is to its limit, and giving some back before it is reached."""

from __future__ import annotations

import asyncio
import enum
import threading
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from .birthplace import birthplace
from .health import Health, Status, watch
from .origin import Origin
from .ownership import on_fork
from .readings import MemoryReading, read_memory
from .unraised import report


class MemoryLevel(enum.IntEnum):
    """How near the limit is."""

    OK = 0
    WARNING = 1
    CRITICAL = 2


_STATUS = {
    MemoryLevel.OK: Status.OK,
    MemoryLevel.WARNING: Status.DEGRADED,
    MemoryLevel.CRITICAL: Status.FAILING,
}


@dataclass(frozen=True, slots=True)
class Pressure:
    """A change of level, as listeners get it."""

    level: MemoryLevel
    before: MemoryLevel
    reading: MemoryReading


@dataclass(frozen=True, slots=True)
class MonitorStatistics:
    """What a monitor has seen.  Memory is in bytes, as of the last check; 0 before the first."""

    level: MemoryLevel
    ratio: float
    rss: int
    heap: int
    used: int
    limit: int
    peak_rss: int
    checks: int
    warnings: int
    """Times that the level rose to WARNING or above."""
    criticals: int
    """Times that the level rose to CRITICAL."""
    reliefs: int
    """Times that something registered was asked to give memory back."""


class Evictable(Protocol):
    """What can give memory back: caches and buffer pools do."""

    def evict(self, share: float, /) -> Any:
        """Give back `share` (0 to 1) of what is held and not in use."""


@dataclass(frozen=True, slots=True)
class _Relief:
    who: weakref.ref[Evictable]
    shares: dict[MemoryLevel, float]


class MemoryMonitor:
    """Compares memory with its limit each time it is told to: OK, WARNING from 0.7, CRITICAL from 0.9 of it.

    A level is left again only when the memory has sunk by `hysteresis` below its threshold, so a value that
    wavers around it causes one change and not many.  While the level is not OK, each check asks what was
    registered by `relieve` to give memory back.

    `check` looks once; `start` has a thread do so every few seconds, and `run` is that for an event loop.
    Between two checks nothing is done at all.

    >>> monitor = MemoryMonitor(limit=1 << 50)
    >>> monitor.check()
    <MemoryLevel.OK: 0>
    """

    def __init__(
        self,
        *,
        limit: int | None = None,
        warning: float = 0.7,
        critical: float = 0.9,
        hysteresis: float = 0.05,
        relief_every: float = 0.0,
        reader: Callable[[], MemoryReading] = read_memory,
        clock: Callable[[], float] = monotonic,
        name: str | None = None,
    ) -> None:
        if not 0 < warning < critical:
            raise ValueError(f"thresholds rise: 0 < warning < critical, not {warning} and {critical}")
        if not 0 <= hysteresis < warning:
            raise ValueError(f"hysteresis is 0 or more and less than the warning threshold, not {hysteresis}")
        if limit is not None and limit < 1:
            raise ValueError(f"limit is in bytes, 1 or more, not {limit}")
        self._limit = limit
        self._thresholds = {MemoryLevel.WARNING: warning, MemoryLevel.CRITICAL: critical}
        self._hysteresis = hysteresis
        self._relief_every = relief_every
        self._reader = reader
        self._clock = clock
        self._name = name
        self._created = birthplace()
        self._lock = threading.RLock()
        self._listeners: list[Callable[[Pressure], object]] = []
        self._reliefs: list[_Relief] = []
        self._level = MemoryLevel.OK
        self._reading: MemoryReading | None = None
        self._relieved_at = float("-inf")
        self._peak_rss = self._checks = self._warnings = self._criticals = self._relieved = 0
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        watch(self)
        on_fork(self)

    def after_fork_in_child(self) -> None:
        """Not run in a forked child, which has no copy of the thread, until it is started there."""
        self._lock = threading.RLock()
        self._thread = None

    @property
    def name(self) -> str:
        """The name given, or the line that made the monitor."""
        return self._name or str(Origin(self._created))

    @property
    def label(self) -> str:
        """Kind and name, as reports say it."""
        return f"MemoryMonitor {self.name!r}"

    @property
    def level(self) -> MemoryLevel:
        """The level as of the last check."""
        return self._level

    def on_change(self, listener: Callable[[Pressure], object]) -> Callable[[], None]:
        """Have `listener` called with each change of level; the callable returned ends that, once.

        It runs in whatever thread checks; what it raises goes to `sys.unraisablehook`.
        """
        entry = [listener]
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if entry:
                self._listeners.remove(entry.pop())

        return unsubscribe

    def relieve(self, who: Evictable, *, warning: float = 0.25, critical: float = 1.0) -> None:
        """Ask `who` to give memory back while it is short: the shares say how much at which level.

        It is held weakly.
        """
        for share in (warning, critical):
            if not 0 <= share <= 1:
                raise ValueError(f"a share is a part of what is held, from 0 to 1, not {share}")
        with self._lock:
            shares = {MemoryLevel.WARNING: warning, MemoryLevel.CRITICAL: critical}
            self._reliefs.append(_Relief(weakref.ref(who), shares))

    def check(self) -> MemoryLevel:
        """Look at the memory now, tell of a change, ask for relief if need be, and return the level."""
        reading = self._read()
        with self._lock:
            before = self._level
            self._level = level = self._judge(reading.ratio)
            self._reading = reading
            self._checks += 1
            self._peak_rss = max(self._peak_rss, reading.rss)
            self._warnings += before < MemoryLevel.WARNING <= level
            self._criticals += before < MemoryLevel.CRITICAL <= level
            listeners = tuple(self._listeners) if level is not before else ()
        for listener in listeners:
            try:
                listener(Pressure(level, before, reading))
            except Exception as error:
                report(error, f"in a listener of {self.label}", listener)
        if level is not MemoryLevel.OK:
            self._relieve(level)
        return level

    def _read(self) -> MemoryReading:
        reading = self._reader()
        if self._limit is None:
            return reading
        return MemoryReading(reading.rss, reading.heap, reading.rss, self._limit, "given")

    def _judge(self, ratio: float) -> MemoryLevel:
        """The level for a ratio, seen from the level that holds now."""
        level = MemoryLevel.OK
        for each, threshold in self._thresholds.items():
            if ratio >= threshold - (self._hysteresis if self._level >= each else 0.0):
                level = each
        return level

    def _relieve(self, level: MemoryLevel) -> None:
        with self._lock:
            now = self._clock()
            if now - self._relieved_at < self._relief_every:
                return
            self._relieved_at = now
            self._reliefs = [relief for relief in self._reliefs if relief.who() is not None]
            asked = [(who, relief.shares[level]) for relief in self._reliefs if (who := relief.who()) is not None]
        for who, share in asked:
            try:
                who.evict(share)
                self._relieved += 1
            except Exception as error:
                report(error, f"when {self.label} asked for memory", who)

    def start(self, every: float = 5.0) -> None:
        """Check every so many seconds in a daemon thread, until `stop`.  Raises `RuntimeError` if one runs."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise RuntimeError(f"{self.label} is running already: stop() it first")
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=_keep_checking, args=(weakref.ref(self), self._stop, every), name=self.label, daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it; does nothing when there is none."""
        with self._lock:
            thread, self._thread = self._thread, None
        self._stop.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def __enter__(self) -> MemoryMonitor:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def run(self, every: float = 5.0, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Check every so many seconds in the running event loop, until cancelled."""
        while True:
            self._check_safely()
            await sleep(every)

    def _check_safely(self) -> None:
        try:
            self.check()
        except Exception as error:  # the reader's: nobody asked for this check
            report(error, f"when {self.label} looked at the memory", self._reader)

    def statistics(self) -> MonitorStatistics:
        """What was seen so far."""
        with self._lock:
            reading = self._reading or MemoryReading(0, 0, 0, self._limit or 0, "none")
            return MonitorStatistics(
                level=self._level,
                ratio=reading.ratio if reading.limit else 0.0,
                rss=reading.rss,
                heap=reading.heap,
                used=reading.used,
                limit=reading.limit,
                peak_rss=self._peak_rss,
                checks=self._checks,
                warnings=self._warnings,
                criticals=self._criticals,
                reliefs=self._relieved,
            )

    def health(self) -> Health:
        """Degraded at WARNING, failing at CRITICAL."""
        now = self.statistics()
        if not now.checks:
            return Health(self.label, Status.OK, "not checked yet")
        status = {
            MemoryLevel.OK: Status.OK,
            MemoryLevel.WARNING: Status.DEGRADED,
            MemoryLevel.CRITICAL: Status.FAILING,
        }[now.level]
        return Health(self.label, status, f"{now.used} of {now.limit} bytes ({now.ratio:.0%})")

    def __repr__(self) -> str:
        now = self.statistics()
        running = "running" if self._thread is not None and self._thread.is_alive() else "not running"
        return f"<{self.label}: {now.level.name}, {now.used} of {now.limit} bytes ({now.ratio:.0%}), {running}>"


def _keep_checking(monitor: weakref.ref[MemoryMonitor], stop: threading.Event, every: float) -> None:
    """The thread's body: it does not keep the monitor alive, and ends with it."""
    while (alive := monitor()) is not None:
        alive._check_safely()
        del alive
        if stop.wait(every):
            return
