"""A cache that owns its values closes each once, whatever becomes of it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_memguard.runtime.caches import Cache, Cause
from pytest_memguard.runtime.errors import Closed
from pytest_memguard.runtime.health import Status


class Door:
    def __init__(self) -> None:
        self.closings = 0

    def close(self) -> None:
        self.closings += 1


class StuckDoor(Door):
    def close(self) -> None:
        super().close()
        raise OSError("the door is stuck")


@contextmanager
def unraisable(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    heard: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", heard.append)
        yield heard


def test_an_evicted_value_is_closed() -> None:
    with Cache[int, Door](1, close=True) as cache:
        first, second = Door(), Door()
        cache.put(1, first)
        cache.put(2, second)
        assert (first.closings, second.closings) == (1, 0)


def test_closing_the_cache_closes_the_rest_and_tells_of_each() -> None:
    heard: list[tuple[int, Cause]] = []
    doors = [Door() for _ in range(3)]
    with Cache[int, Door](9, close=True, on_remove=lambda key, _, cause: heard.append((key, cause))) as cache:
        for key, door in enumerate(doors):
            cache.put(key, door)
    assert [door.closings for door in doors] == [1, 1, 1]
    assert sorted(heard) == [(key, Cause.CLOSED) for key in range(3)]


def test_a_second_close_does_nothing() -> None:
    cache = Cache[int, Door](9, close=True)
    door = Door()
    cache.put(1, door)
    cache.close()
    cache.close()
    assert door.closings == 1


def test_a_closed_cache_takes_nothing_and_says_where_it_was_made() -> None:
    cache = Cache[int, int](9, name="prices")
    cache.close()
    with pytest.raises(Closed, match=r"Cache 'prices' is closed .* made at .*test_closing.py"):
        cache.put(1, 1)
    with pytest.raises(Closed):
        cache.load(1, lambda key: key)
    assert cache.get(1) is None


def test_taking_a_value_out_leaves_it_open() -> None:
    heard: list[Cause] = []
    with Cache[int, Door](9, close=True, on_remove=lambda _, __, cause: heard.append(cause)) as cache:
        door = Door()
        cache.put(1, door)
        assert cache.take(1) is door
    assert door.closings == 0
    assert heard == [Cause.TAKEN]


def test_putting_the_same_object_again_does_not_close_it() -> None:
    with Cache[int, Door](9, close=True) as cache:
        door = Door()
        cache.put(1, door)
        cache.put(1, door)
        assert door.closings == 0
    assert door.closings == 1


def test_an_object_under_two_keys_is_closed_with_the_second() -> None:
    with Cache[int, Door](9, close=True) as cache:
        door = Door()
        cache.put(1, door)
        cache.put(2, door)
        cache.remove(1)
        assert door.closings == 0
        cache.remove(2)
        assert door.closings == 1


def test_a_borrowed_value_is_closed_after_the_block_that_borrows_it() -> None:
    with Cache[int, Door](1, close=True) as cache:
        door = Door()
        cache.put(1, door)
        with cache.borrow(1) as borrowed:
            cache.put(2, Door())
            assert borrowed is door
            assert 1 not in cache
            assert door.closings == 0
        assert door.closings == 1


def test_a_borrowed_value_that_stays_is_not_closed() -> None:
    with Cache[int, Door](1, close=True) as cache:
        door = Door()
        cache.put(1, door)
        with cache.borrow(1):
            pass
        assert door.closings == 0


def test_a_value_taken_while_borrowed_and_put_back_is_closed_by_the_cache_only() -> None:
    with Cache[int, Door](1, close=True) as cache:
        door = Door()
        cache.put(1, door)
        with cache.borrow(1):
            taken = cache.take(1)
            assert taken is door
            cache.put(1, taken)
        assert door.closings == 0
    assert door.closings == 1


def test_borrowing_what_is_not_there_is_a_key_error() -> None:
    with Cache[int, Door](1) as cache, pytest.raises(KeyError), cache.borrow(7):
        pass


def test_values_without_close_are_let_go() -> None:
    with Cache[int, int](1, close=True) as cache:
        cache.put(1, 1)
        cache.put(2, 2)
        assert cache.statistics().failed_releases == 0


def test_a_callable_closes_what_has_another_word_for_it() -> None:
    closed: list[str] = []
    with Cache[int, str](1, close=closed.append) as cache:
        cache.put(1, "one")
        cache.put(2, "two")
    assert closed == ["one", "two"]


def test_a_failing_close_of_an_evicted_value_goes_to_the_unraisable_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    with Cache[int, Door](1, close=True, name="doors") as cache, unraisable(monkeypatch) as heard:
        cache.put(1, StuckDoor())
        cache.put(2, Door())
        assert [str(each.exc_value) for each in heard] == ["the door is stuck"]
        assert heard[0].err_msg == "Exception ignored when Cache 'doors' released 1 (evicted)"
        assert cache.health().status is Status.DEGRADED
        assert cache.statistics().failed_releases == 1


def test_closing_tries_every_value_and_raises_all_errors_together() -> None:
    doors = [StuckDoor(), Door(), StuckDoor()]
    cache = Cache[int, Door](9, close=True)
    for key, door in enumerate(doors):
        cache.put(key, door)
    with pytest.raises(BaseExceptionGroup, match="could not release 2 of its values") as caught:
        cache.close()
    assert len(caught.value.exceptions) == 2
    assert [door.closings for door in doors] == [1, 1, 1]


def test_an_asynchronous_listener_on_a_synchronous_cache_is_refused_with_the_cure() -> None:
    async def listen(*_: object) -> None: ...

    cache = Cache[int, int](1, on_remove=listen)
    cache.put(1, 1)
    with pytest.raises(BaseExceptionGroup) as caught:
        cache.remove(1)
    assert "an AsyncCache awaits it" in str(caught.value.exceptions[0])


def test_an_interrupt_in_a_callback_is_raised_after_the_others_were_closed() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    door = Door()
    cache = Cache[int, Door](1, close=True, on_remove=interrupt)
    cache.put(1, door)
    with pytest.raises(KeyboardInterrupt):
        cache.put(2, Door())
    assert door.closings == 1
    with pytest.raises(BaseExceptionGroup):
        cache.close()


def test_a_listener_may_change_the_cache() -> None:
    with Cache[int, int](1) as cache:
        cache._on_remove = lambda key, *_: cache.put(key + 10, 0) if key < 10 else None
        cache.put(1, 1)
        cache.put(2, 2)
        assert cache.keys() == [12]  # 11 was put for 1, evicted 2 and went for 12


def test_a_dropped_cache_closes_its_values_and_warns_with_the_line_that_made_it() -> None:
    door = Door()
    cache = Cache[int, Door](9, close=True)
    cache.put(1, door)
    with pytest.warns(ResourceWarning, match=r"dropped with 1 values .*test_closing.py"):
        del cache
    assert door.closings == 1


def test_a_dropped_cache_of_plain_values_says_nothing_and_frees_them_at_once() -> None:
    gc.disable()
    try:
        before = sys.getrefcount(marker := object())
        cache = Cache[int, object](9)
        for key in range(5):
            cache.put(key, marker)
        assert sys.getrefcount(marker) > before
        del cache
        assert sys.getrefcount(marker) == before
    finally:
        gc.enable()
