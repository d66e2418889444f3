"""The monitor tells of each change of level once, and has memory given back while it is short."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_memguard.runtime.buffers import BufferPool
from pytest_memguard.runtime.caches import Cache
from pytest_memguard.runtime.health import Status
from pytest_memguard.runtime.monitor import MemoryLevel, MemoryMonitor, Pressure
from pytest_memguard.runtime.readings import MemoryReading, read_memory


class Gauge:
    """A reader that shows what it is told to, in percent of the limit."""

    def __init__(self, *percents: int) -> None:
        self.percents = list(percents)

    def __call__(self) -> MemoryReading:
        percent = self.percents.pop(0) if len(self.percents) > 1 else self.percents[0]
        return MemoryReading(rss=percent, heap=percent // 2, used=percent, limit=100, source="test")


class Asked:
    """Something that gives memory back and notes how much it was asked for."""

    def __init__(self) -> None:
        self.shares: list[float] = []

    def evict(self, share: float) -> None:
        self.shares.append(share)


@pytest.mark.parametrize(
    ("percent", "level"),
    [(0, "OK"), (69, "OK"), (70, "WARNING"), (89, "WARNING"), (90, "CRITICAL"), (120, "CRITICAL")],
)
def test_the_thresholds_are_seven_and_nine_tenths(percent: int, level: str) -> None:
    assert MemoryMonitor(reader=Gauge(percent)).check() is MemoryLevel[level]


def test_a_value_that_wavers_around_a_threshold_causes_one_change() -> None:
    changes: list[tuple[str, str]] = []
    monitor = MemoryMonitor(reader=Gauge(50, 70, 68, 71, 66, 64, 66, 90, 86, 84, 50))
    monitor.on_change(lambda pressure: changes.append((pressure.before.name, pressure.level.name)))
    for _ in range(11):
        monitor.check()
    assert changes == [
        ("OK", "WARNING"),
        ("WARNING", "OK"),
        ("OK", "CRITICAL"),
        ("CRITICAL", "WARNING"),
        ("WARNING", "OK"),
    ]
    statistics = monitor.statistics()
    assert (statistics.warnings, statistics.criticals, statistics.peak_rss) == (2, 1, 90)


@settings(deadline=None)
@given(st.lists(st.integers(0, 120), min_size=1))
def test_a_level_never_contradicts_its_threshold_by_more_than_the_hysteresis(percents: list[int]) -> None:
    monitor = MemoryMonitor(reader=Gauge(*percents))
    for percent in percents:
        level = monitor.check()
        assert (level >= MemoryLevel.WARNING) or percent < 70
        assert (level >= MemoryLevel.CRITICAL) or percent < 90
        assert (level < MemoryLevel.WARNING) or percent >= 65
        assert (level < MemoryLevel.CRITICAL) or percent >= 85


def test_every_check_under_pressure_asks_for_memory_by_the_level() -> None:
    asked = Asked()
    monitor = MemoryMonitor(reader=Gauge(50, 75, 75, 95, 50))
    monitor.relieve(asked, warning=0.25, critical=0.75)
    for _ in range(5):
        monitor.check()
    assert asked.shares == [0.25, 0.25, 0.75]
    assert monitor.statistics().reliefs == 3


def test_relief_is_asked_for_no_more_often_than_said() -> None:
    now = [0.0]
    asked = Asked()
    monitor = MemoryMonitor(reader=Gauge(95), relief_every=10, clock=lambda: now[0])
    monitor.relieve(asked)
    for seconds in (0, 5, 9.9, 10, 15, 20):
        now[0] = seconds
        monitor.check()
    assert len(asked.shares) == 3


def test_caches_and_buffers_give_memory_back() -> None:
    cache = Cache[int, int](100)
    for key in range(100):
        cache.put(key, key)
    buffers = BufferPool()
    with buffers.acquire(1 << 20):
        pass
    monitor = MemoryMonitor(reader=Gauge(75, 95))
    monitor.relieve(cache, warning=0.5)
    monitor.relieve(buffers)
    monitor.check()
    assert (len(cache), cache.statistics().pressed) == (50, 50)
    monitor.check()
    assert (len(cache), buffers.statistics().idle) == (0, 0)


def test_what_was_registered_is_not_kept_alive() -> None:
    monitor = MemoryMonitor(reader=Gauge(95))
    monitor.relieve(Asked())
    gc.collect()
    monitor.check()
    assert monitor.statistics().reliefs == 0


def test_a_failing_listener_or_relief_does_not_keep_the_others_from_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def evict(self, share: float) -> None:
            raise OSError(f"cannot give {share}")

    def fail(_: Pressure) -> None:
        raise OSError("cannot listen")

    heard: list[Any] = []
    changes: list[Pressure] = []
    broken, asked = Broken(), Asked()
    monitor = MemoryMonitor(reader=Gauge(95))
    monitor.on_change(fail)
    monitor.on_change(changes.append)
    monitor.relieve(broken)
    monitor.relieve(asked)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", heard.append)
        monitor.check()
    assert [str(each.exc_value) for each in heard] == ["cannot listen", "cannot give 1.0"]
    assert len(changes) == 1
    assert asked.shares == [1.0]


def test_a_listener_can_stop_to_listen() -> None:
    changes: list[Pressure] = []
    monitor = MemoryMonitor(reader=Gauge(95, 10))
    unsubscribe = monitor.on_change(changes.append)
    monitor.check()
    unsubscribe()
    unsubscribe()
    monitor.check()
    assert len(changes) == 1


def test_a_limit_that_is_given_stands_for_the_systems() -> None:
    monitor = MemoryMonitor(limit=50, reader=Gauge(40))
    assert monitor.check() is MemoryLevel.WARNING
    assert monitor.statistics().ratio == 0.8


def test_health_follows_the_level() -> None:
    monitor = MemoryMonitor(reader=Gauge(10, 75, 95), name="app")
    assert monitor.health().reason == "not checked yet"
    seen = []
    for _ in range(3):
        monitor.check()
        seen.append(monitor.health().status)
    assert seen == [Status.OK, Status.DEGRADED, Status.FAILING]
    assert str(monitor.health()) == "MemoryMonitor 'app': FAILING, 95 of 100 bytes (95%)"
    assert repr(monitor) == "<MemoryMonitor 'app': CRITICAL, 95 of 100 bytes (95%), not running>"


def test_the_thread_checks_until_it_is_stopped() -> None:
    checked = threading.Event()

    def reader() -> MemoryReading:
        checked.set()
        return Gauge(10)()

    monitor = MemoryMonitor(reader=reader)
    with monitor:
        assert checked.wait(10)
        with pytest.raises(RuntimeError, match="running already"):
            monitor.start()
    assert "not running" in repr(monitor)
    monitor.stop()


def test_the_thread_does_not_keep_its_monitor_alive() -> None:
    monitor = MemoryMonitor(reader=Gauge(10))
    monitor.start(every=0.001)
    thread = monitor._thread
    assert thread is not None
    del monitor
    thread.join(10)
    assert not thread.is_alive()


def test_a_reader_that_fails_in_the_thread_is_reported_and_the_thread_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    went_on = threading.Event()
    readings: list[int] = []

    def reader() -> MemoryReading:
        readings.append(1)
        if len(readings) == 1:
            raise OSError("no proc")
        went_on.set()
        return Gauge(10)()

    monitor = MemoryMonitor(reader=reader)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", heard.append)
        monitor.start(every=0.001)
        assert went_on.wait(10)
        monitor.stop()
    assert [str(each.exc_value) for each in heard] == ["no proc"]


@pytest.mark.asyncio
async def test_an_event_loop_can_run_the_checks() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise asyncio.CancelledError

    monitor = MemoryMonitor(reader=Gauge(10))
    with pytest.raises(asyncio.CancelledError):
        await monitor.run(every=7, sleep=sleep)
    assert slept == [7, 7, 7]
    assert monitor.statistics().checks == 3


@pytest.mark.parametrize(
    "arguments",
    [
        {"warning": 0.9, "critical": 0.7},
        {"warning": 0},
        {"hysteresis": 0.8},
        {"hysteresis": -1},
        {"limit": 0},
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not "):
        MemoryMonitor(**arguments)


def test_a_share_is_from_nothing_to_all() -> None:
    with pytest.raises(ValueError, match="from 0 to 1, not 2"):
        MemoryMonitor().relieve(Asked(), critical=2)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own numbers are compared")
def test_the_reading_grows_with_what_is_allocated() -> None:
    before = read_memory()
    ballast = bytearray(b"x" * (64 << 20))
    after = read_memory()
    assert after.rss - before.rss > 48 << 20
    assert after.heap - before.heap > 48 << 20
    del ballast
