"""The arguments of a cache are checked, and so is what it is asked to hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_memguard.runtime.caches import Cache, size_in_bytes


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "needs a bound"),
        ({"max_items": 0}, "max_items must be at least 1"),
        ({"max_bytes": 1, "max_tokens": 1, "weigh": len}, "not both"),
        ({"max_tokens": 1}, "max_tokens needs weigh="),
        ({"max_items": 1, "weigh": len}, "weigh= needs a bound"),
        ({"max_items": 1, "policy": "best"}, "no policy 'best'; there are sieve, s3fifo"),
        ({"max_items": 1, "ttl": 0}, "ttl is in seconds"),
        ({"max_items": 1, "idle": -1}, "idle is in seconds"),
    ],
)
def test_a_wrong_argument_is_refused_with_the_cure(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Cache(**arguments)


def test_a_value_heavier_than_the_bound_is_refused_and_changes_nothing() -> None:
    cache = Cache[str, str](max_tokens=3, weigh=lambda _, text: len(text.split()))
    cache.put("k", "two words")
    with pytest.raises(ValueError, match=r"'k' weighs 4 tokens and Cache .* may hold 3"):
        cache.put("k", "four words are many")
    assert cache.get("k") == "two words"


def test_a_negative_weight_is_refused() -> None:
    cache = Cache[str, int](max_bytes=3, weigh=lambda _, value: value)
    with pytest.raises(ValueError, match="weight is 0 or more"):
        cache.put("k", -1)


def test_bytes_are_estimated_where_nobody_weighs() -> None:
    cache = Cache[str, bytearray](max_bytes=10_000)
    for key in "abcd":
        cache.put(key, bytearray(4000))
    assert len(cache) == 2
    assert 8000 < cache.statistics().weight <= 10_000


def test_both_bounds_hold_together() -> None:
    cache = Cache[int, int](2, max_tokens=100, weigh=lambda *_: 1)
    for key in range(5):
        cache.put(key, key)
    assert len(cache) == 2


def test_the_estimate_ends_on_a_structure_that_contains_itself() -> None:
    loop: list[object] = [1]
    loop.append({"again": loop})
    assert 0 < size_in_bytes("k", loop) < 2000


@settings(deadline=None)
@given(st.recursive(st.text() | st.binary(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_part_never_weighs_more_than_the_whole(part: object) -> None:
    assert size_in_bytes("k", [part]) > size_in_bytes("k", part) - 1


def test_a_missing_key_is_a_key_error_in_brackets() -> None:
    cache = Cache[str, int](1)
    with pytest.raises(KeyError, match="absent"):
        cache["absent"]
    with pytest.raises(KeyError, match="absent"):
        del cache["absent"]
    cache["k"] = 1
    assert cache["k"] == 1
    del cache["k"]


def test_the_repr_is_a_status_board() -> None:
    cache = Cache[str, int](10, max_bytes=1000, weigh=lambda *_: 7, policy="lru", name="prices")
    cache.put("a", 1)
    cache.get("a")
    cache.get("b")
    assert repr(cache) == "<Cache 'prices': 1 of 10 items, 7 of 1000 bytes, lru, 50.0% hits>"
    assert cache.statistics().fill == 0.1


def test_a_cache_without_a_name_is_called_by_the_line_that_made_it() -> None:
    assert "test_bounds.py" in Cache[str, int](1).label


def test_a_wrong_time_for_an_entry_is_refused_and_changes_nothing() -> None:
    left: list[str] = []
    cache = Cache[str, int](1, on_remove=lambda key, *_: left.append(key))
    cache.put("k", 1)
    for options in ({"ttl": -1}, {"ttl": 0}, {"idle": 0}):
        with pytest.raises(ValueError, match="is in seconds and greater than 0"):
            cache.put("other", 2, **options)
    assert cache.items() == [("k", 1)]
    assert left == []
    assert cache.statistics().puts == 1


def test_objects_views_and_long_structures_are_weighed() -> None:
    class Holder:
        def __init__(self) -> None:
            self.payload = bytes(5000)

    class Slotted:
        __slots__ = ()

    assert size_in_bytes("k", Holder()) > 5000
    assert size_in_bytes("k", memoryview(bytes(3000))) > 3000
    assert size_in_bytes("k", Slotted()) < 200
    assert size_in_bytes("k", [object() for _ in range(50_000)]) < 10 * 50_000 + 10_000 * 100
