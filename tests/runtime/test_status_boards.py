"""Every utility says how it is: `statistics()` is a frozen record of plain values, `repr` reads like a status board."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pytest_memguard.runtime as runtime
from pytest_memguard.runtime import (
    AsyncCache,
    AsyncPool,
    AsyncScope,
    AsyncTieredCache,
    BufferPool,
    Cache,
    CircuitBreaker,
    FastCache,
    MappedFile,
    MemoryMonitor,
    MemoryReading,
    Pool,
    Scope,
    Shared,
    SharedBlock,
    TieredCache,
    check_health,
)


async def connect() -> object:
    return object()


def mapped(folder: Path) -> MappedFile:
    return MappedFile(folder / "file", "write", size=4096)


MAKERS: dict[str, Callable[[Path], Any]] = {
    "Pool": lambda _: Pool(object, name="p"),
    "AsyncPool": lambda _: AsyncPool(connect, name="p"),
    "Scope": lambda _: Scope("s"),
    "AsyncScope": lambda _: AsyncScope("s"),
    "Cache": lambda _: Cache[int, int](10, name="c"),
    "AsyncCache": lambda _: AsyncCache[int, int](10, name="c"),
    "FastCache": lambda _: FastCache[int, int](10, name="c", policy="lru"),
    "TieredCache": lambda _: TieredCache(Cache[str, int](10, name="c")),
    "AsyncTieredCache": lambda _: AsyncTieredCache(AsyncCache[str, int](10, name="c")),
    "BufferPool": lambda _: BufferPool(name="b"),
    "MappedFile": mapped,
    "SharedBlock": lambda _: SharedBlock.create(10),
    "Shared": lambda _: Shared([1]),
    "MemoryMonitor": lambda _: MemoryMonitor(name="m", reader=lambda: MemoryReading(1, 0, 1, 10, "test")),
    "CircuitBreaker": lambda _: CircuitBreaker("b"),
}
VALUES = {name for name in runtime.__all__ if name.endswith("Statistics")} | {
    *("Lease", "AsyncLease", "BufferLease", "RedisTier", "AsyncRedisTier"),
    *("Backoff", "Cause", "Event", "Frame", "Health", "HealthReport", "Instrumentation", "MemoryLevel"),
    *("MemoryReading", "Origin", "Pressure", "Status", "Sweep", "Timed"),
}
"""What is lent, told or read, and what stands for somebody else's server."""


def test_every_utility_is_here() -> None:
    classes = {
        name
        for name in runtime.__all__
        if isinstance(value := getattr(runtime, name), type) and not issubclass(value, Exception)
    }

    assert classes - VALUES == MAKERS.keys()


def plain(value: Any) -> bool:
    if dataclasses.is_dataclass(value):
        return all(plain(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, tuple):
        return all(map(plain, value))
    return value is None or isinstance(value, int | float | str | bool | enum.Enum)


@pytest.mark.parametrize("name", MAKERS)
def test_it_has_statistics_and_a_board(name: str, tmp_path: Path) -> None:
    if name == "FastCache":
        pytest.importorskip("cachebox")
    utility = MAKERS[name](tmp_path)
    try:
        now = utility.statistics()
        assert dataclasses.is_dataclass(now)
        assert plain(now)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(now, dataclasses.fields(now)[0].name, 1)
        assert repr(utility).startswith((f"<{name} ", f"<{name}:"))
        assert " at 0x" not in repr(utility)
    finally:
        if name in ("MappedFile", "SharedBlock"):
            utility.close()


def test_a_scope_counts_what_becomes_of_its_things() -> None:
    def fail(_: object) -> None:
        raise OSError("no")

    other = Scope("other")
    scope = Scope("s")
    for thing in ("a", "b", "c"):
        scope.own(thing, release=fail if thing == "a" else str)
    scope.transfer("b", to=other)
    scope.release("c")
    during = scope.statistics()
    with pytest.raises(ExceptionGroup):
        scope.close()

    assert (during.owned, during.registered, during.released, during.handed_over) == (1, 3, 1, 1)
    after = scope.statistics()
    assert (after.owned, after.released, after.failed, after.closed) == (0, 2, 1, True)
    assert other.statistics().registered == 1
    other.close()


def test_a_tiered_cache_counts_where_values_came_from() -> None:
    near, far = Cache[str, int](10), Cache[str, int](10)
    cache = TieredCache(Cache[str, int](10), TieredCache(near), TieredCache(far))
    far.put("k", 1)

    assert (cache.get("k"), cache.get("k"), cache.get("nobody", None)) == (1, 1, None)
    now = cache.statistics()
    assert (now.found, now.missed, now.memory.hits) == ((0, 1), 1, 1)
    cache.put("k", 2)
    cache.remove("k")
    assert (cache.statistics().stored, cache.statistics().removed) == (1, 1)


def test_a_mapped_file_counts_its_windows(tmp_path: Path) -> None:
    with mapped(tmp_path) as file:
        with file.window(0, 10):
            assert (file.statistics().windows, file.statistics().mapped_bytes) == (1, 10)
        lease = file.window(0, 10)
        piece = lease.value[:2]
        with pytest.raises(runtime.StillHeld):
            lease.release()
        assert (file.statistics().windows, file.statistics().held) == (0, 1)
        piece.release()
        assert (file.statistics().opened, file.statistics().dropped) == (2, 0)


def test_scopes_and_files_do_not_crowd_the_health_report(tmp_path: Path) -> None:
    with Scope("s") as scope, mapped(tmp_path) as file:
        labels = [part.label for part in check_health().parts]

        assert scope.label not in labels
        assert file.label not in labels
