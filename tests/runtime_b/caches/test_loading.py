"""Many threads that ask for one key cause one load."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_memguard.runtime.caches import MISSING, Cache, Timed


class Gate:
    """A loader that waits to be let through, and counts its calls."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.calls = 0
        self.entered = threading.Event()
        self.open = threading.Event()
        self.answer = answer

    def __call__(self, _: object) -> Any:
        self.calls += 1
        self.entered.set()
        assert self.open.wait(10)
        return self.answer()


def waiting_callers(cache: Cache[Any, Any], number: int) -> None:
    while cache.statistics().coalesced < number:
        threading.Event().wait(0.001)


def test_sixteen_threads_cause_one_load() -> None:
    cache = Cache[str, int](9)
    gate = Gate(lambda: 42)
    with ThreadPoolExecutor(16) as threads:
        answers = [threads.submit(cache.load, "k", gate) for _ in range(16)]
        waiting_callers(cache, 15)
        gate.open.set()
        assert [answer.result(10) for answer in answers] == [42] * 16
    assert gate.calls == 1
    assert (cache.statistics().loads, cache.statistics().coalesced) == (1, 15)


def test_a_value_that_is_there_is_not_loaded() -> None:
    cache = Cache[str, int](9)
    cache.put("k", 1)
    assert cache.load("k", lambda _: pytest.fail("loaded")) == 1


def test_the_error_of_the_load_reaches_all_who_wait_and_nothing_is_kept() -> None:
    def fail() -> None:
        raise OSError("no such price")

    cache = Cache[str, int](9)
    gate = Gate(fail)
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(cache.load, "k", gate) for _ in range(4)]
        waiting_callers(cache, 3)
        gate.open.set()
        assert [str(answer.exception(10)) for answer in answers] == ["no such price"] * 4
    assert "k" not in cache
    assert cache.statistics().failed_loads == 1
    assert cache.load("k", lambda _: 2) == 2


def test_an_interrupt_of_the_loading_thread_is_not_the_answer_of_the_others() -> None:
    class Interrupt(BaseException):
        pass

    def interrupt() -> None:
        raise Interrupt

    cache = Cache[str, int](9)
    gate = Gate(interrupt)
    with ThreadPoolExecutor(2) as threads:
        leader = threads.submit(cache.load, "k", gate)
        assert gate.entered.wait(10)
        follower = threads.submit(cache.load, "k", lambda _: 7)
        waiting_callers(cache, 1)
        gate.open.set()
        assert follower.result(10) == 7
        assert isinstance(leader.exception(10), Interrupt)


@pytest.mark.parametrize(
    ("meanwhile", "kept"),
    [
        (lambda cache: cache.put("k", "newer"), "newer"),
        (lambda cache: cache.remove("k"), None),
        (lambda cache: cache.clear(), None),
        (lambda cache: cache.close(), None),
    ],
    ids=["put", "remove", "clear", "close"],
)
def test_a_key_that_changes_during_its_load_wins(meanwhile: Callable[[Any], object], kept: str | None) -> None:
    cache = Cache[str, str](9)
    gate = Gate(lambda: "stale")
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(cache.load, "k", gate)
        assert gate.entered.wait(10)
        meanwhile(cache)
        gate.open.set()
        assert answer.result(10) == "stale"
    assert cache.get("k") == kept
    assert cache.statistics().not_kept == 1


def test_a_loader_that_asks_for_its_own_key_is_told_so() -> None:
    cache = Cache[str, int](9)
    with pytest.raises(RuntimeError, match="the loader of 'k' asks"):
        cache.load("k", lambda key: cache.load(key, lambda _: 1))


def test_a_loader_may_load_another_key() -> None:
    cache = Cache[str, str](9)
    assert cache.load("a", lambda _: cache.load("b", lambda key: key)) == "b"


def test_a_loader_that_finds_nothing_keeps_nothing() -> None:
    cache = Cache[str, Any](9)
    assert cache.load("k", lambda _: MISSING) is MISSING
    assert len(cache) == 0


def test_a_loaded_value_too_heavy_for_the_cache_is_handed_over_open() -> None:
    closed: list[bytes] = []
    with Cache[str, bytes](max_bytes=10, weigh=lambda _, value: len(value), close=closed.append) as cache:
        assert cache.load("k", lambda _: b"x" * 11) == b"x" * 11
        assert cache.statistics().not_kept == 1
    assert closed == []


def test_the_error_of_a_load_keeps_nothing_alive() -> None:
    class Marker(Exception):
        pass

    def fail(_: str) -> int:
        raise Marker

    cache = Cache[str, int](9)
    gc.collect()
    gc.disable()
    try:
        try:
            cache.load("k", fail)
        except Marker as error:
            watched = weakref.ref(error)
        assert watched() is None
    finally:
        gc.enable()


def test_a_loader_can_say_how_long_its_value_holds() -> None:
    now = [0.0]
    cache = Cache[str, str](9, ttl=100, clock=lambda: now[0])
    assert cache.load("token", lambda _: Timed("secret", 5)) == "secret"
    assert cache.remaining("token") == 5
    now[0] = 5
    assert cache.get("token") is None
    assert cache.remaining("absent") is None


def test_a_loaded_value_that_holds_no_longer_is_handed_over_and_not_kept() -> None:
    cache = Cache[str, str](9)
    assert cache.load("token", lambda _: Timed("late", 0)) == "late"
    assert "token" not in cache
    assert cache.statistics().not_kept == 1


def test_renewing_replaces_what_is_there_and_until_then_the_old_value_is_read() -> None:
    left: list[str] = []
    cache = Cache[str, str](9, on_remove=lambda _, value, __: left.append(value))
    cache.put("k", "old")

    def load(key: str) -> str:
        assert cache.get(key) == "old"
        return "new"

    assert cache.renew("k", load) == "new"
    assert (cache.get("k"), left) == ("new", ["old"])


def test_renewing_takes_the_place_of_a_load_under_way() -> None:
    cache = Cache[str, str](9)
    gate = Gate(lambda: "first")
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(cache.load, "k", gate)
        assert gate.entered.wait(10)
        assert cache.renew("k", lambda _: "second") == "second"
        gate.open.set()
        assert answer.result(10) == "first"
    assert cache.get("k") == "second"
