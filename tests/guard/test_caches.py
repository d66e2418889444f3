"""Caches of the project that a test filled, for whoever switches that on; and what cannot be collected."""

from __future__ import annotations

import gc
import sys
import types
import weakref
from typing import Any

from pytest_memguard.probes import named

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
import collections, pytest, weakref
pytestmark = pytest.mark.memguard(kinds="grown container=on")
PAGES = {}

class Registry:
    handlers = []

    def __init__(self):
        self.seen = collections.deque(["first"])
        self.alive = weakref.WeakKeyDictionary()

    def note(self, what):
        self.seen.append(what)

REGISTRY = Registry()

class Key: pass

def test_clean_nothing(): assert len(REGISTRY.seen) == 1
def test_fills_a_module(): PAGES["key"] = "value"
def test_fills_a_class(): Registry.handlers.append(len)
def test_fills_an_instance(): REGISTRY.note("second")
def test_clean_weakly(): REGISTRY.alive[Key()] = 1
def test_clean_taken_out():
    PAGES["another"] = 1
    del PAGES["another"]
def test_clean_the_same_again(): PAGES["key"] = "other"
""")
def test_a_container_that_became_larger_is_named_with_the_line_that_fills_it(told: Run) -> None:
    found = {
        each["test"].rpartition("::")[2]: (each["what"].partition("__0.")[2], [at["line"] for at in each["origin"]])
        for each in told.findings
    }
    assert found == {
        "test_fills_a_module": ("PAGES (dict), 1 entries", [21]),
        "test_fills_a_class": ("Registry.handlers (list), 1 entries", [22]),
        "test_fills_an_instance": ("REGISTRY.seen (deque), 2 entries", [14]),
    }
    assert {name for name, outcome in told.outcomes.items() if outcome != "passed"} == {f"0::{test}" for test in found}


@scenario("""
import gc, pytest, weakref
pytestmark = pytest.mark.memguard(kinds="cyclic garbage=on")

class Node:
    def __init__(self):
        self.itself = self

class Child:
    def __init__(self, parent):
        self.parent = weakref.ref(parent)

class Parent:
    def __init__(self):
        self.child = Child(self)

SAID = []

class Says(Node):
    def __del__(self):
        SAID.append(self)
        SAID.clear()

def test_leaky():
    Node(), Node()

def test_finalized():
    Says()

def test_was_finalized_once(): pass

def test_clean(): Parent()

def test_clean_of_itself():
    node = Node()
    del node.itself

def test_clean_with_a_cycle_of_nobodys():
    cycle = []
    cycle.append(cycle)

def test_the_garbage_list_is_as_ever(): assert not gc.garbage and not gc.get_debug()
""")
def test_cyclic_garbage_is_told_by_class_and_freed(told: Run) -> None:
    found = {each["test"].rpartition("::")[2]: (each["what"], each["origin"][0]["line"]) for each in told.findings}
    assert {test: (what.split()[1], what.rpartition(".")[2], line) for test, (what, line) in found.items()} == {
        "test_leaky": ("2", "Node objects", 6),
        "test_finalized": ("1", "Says object", 20),
    }
    assert {name for name, outcome in told.outcomes.items() if outcome != "passed"} == {f"0::{test}" for test in found}


@scenario("""
import functools, gc

class Node:
    def __init__(self): self.itself = self

@functools.lru_cache
def load(key): return [key]

PAGES = {}

def test_fills_a_cache():
    load(1)
    PAGES["key"] = Node()
    Node()
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


def test_modules_may_go_while_they_are_looked_at() -> None:
    """As jinja's do: a collection that begins in the middle takes them out."""
    name = "a_module_that_goes"
    before = gc.get_threshold()
    gc.set_threshold(200)  # far fewer than there are modules
    gc.collect()
    module = types.ModuleType(name)
    vars(module)["itself"] = module
    modules: dict[str, Any] = sys.modules
    modules[name] = weakref.proxy(module, lambda _: sys.modules.pop(name, None))
    del module
    try:
        assert list(named.values(lambda _: True))
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert name not in sys.modules


@scenario("""
import logging

def test_a_logger_of_its_own():
    logger = logging.Logger("mine")
    logger.addHandler(logging.NullHandler())

def test_a_logger_for_all():
    logging.getLogger("ours").addHandler(logging.NullHandler())
""")
def test_a_handler_of_a_logger_that_goes_goes_with_it(told: Run) -> None:
    (found,) = told.findings
    assert (found["test"].rpartition("::")[2], found["what"]) == ("test_a_logger_for_all", "NullHandler on 'ours'")
