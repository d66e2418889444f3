"""The collector is paused while files are checked, and left as it was found."""

from __future__ import annotations

import gc

import pytest

from memlint.engine.collector import collecting_between


def test_the_collector_rests_while_an_item_is_worked_on() -> None:
    during = list(collecting_between(lambda _: gc.isenabled(), range(3)))

    assert during == [False, False, False]
    assert gc.isenabled()


def test_a_failure_leaves_the_collector_as_it_was() -> None:
    with pytest.raises(ZeroDivisionError):
        list(collecting_between(lambda item: 1 // item, [1, 0]))

    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        list(collecting_between(str, range(3)))

        assert not gc.isenabled()
    finally:
        gc.enable()
