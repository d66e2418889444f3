"""Caches of the project that a test filled, for whoever switches that on; and what cannot be collected."""

from __future__ import annotations

from .conftest import Run, scenario

KINDS = 'import pytest\npytestmark = pytest.mark.memguard(kinds="filled cache=on")\n'


@scenario(
    KINDS
    + """
import functools
cachetools = pytest.importorskip("cachetools")
cachebox = pytest.importorskip("cachebox")

@functools.lru_cache
def load(key): return [key]

class Service:
    results = cachetools.LRUCache(10)

SERVICE = Service()
BOX = cachebox.LRUCache(10)

def test_clean_nothing(): pass
def test_fills_a_function(): load(1)
def test_clean_the_same_again(): load(1)
def test_fills_a_class(): Service.results["key"] = "value"
def test_fills_a_box(): BOX["key"] = "value"
def test_clean_cleared():
    load.cache_clear()
    load(2)
"""
)
def test_a_cache_that_became_larger_than_it_ever_was_is_named(told: Run) -> None:
    found = {each["test"].rpartition("::")[2]: each["what"].partition("__0.")[2] for each in told.findings}
    assert found == {
        "test_fills_a_function": "load, 1 entries",
        "test_fills_a_class": "Service.results, 1 entries",
        "test_fills_a_box": "BOX, 1 entries",
    }


@scenario("""
import functools

@functools.lru_cache
def load(key): return [key]

def test_fills_a_cache(): load(1)
""")
def test_a_cache_may_be_filled_unless_somebody_asks(told: Run) -> None:
    assert told.findings == []


@scenario("""
import gc

class Thing: pass

def test_it(): gc.garbage.append(Thing())

def test_later():
    assert gc.garbage
    gc.garbage.clear()
""")
def test_what_the_collector_cannot_free_is_told_by_its_type(told: Run) -> None:
    (found,) = told.findings
    assert (found["test"].rpartition("::")[2], found["kind"], found["what"]) == (
        "test_it",
        "uncollectable object",
        "of Thing",
    )
