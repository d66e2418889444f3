"""Looking again: at once when it is quiet, in ever longer pauses, within a budget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.settle import LONGEST, settle


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def look_until(clock: Clock, quiet_at: float) -> list[str]:
    return settle(lambda: ["left"] if clock.now < quiet_at else [], 1.0, clock=lambda: clock.now, sleep=clock.sleep)


def test_quiet_at_the_first_look_costs_no_pause() -> None:
    clock = Clock()
    assert look_until(clock, 0.0) == []
    assert clock.pauses == []


@given(st.floats(0.0, 0.89))
def test_what_ends_within_the_budget_is_seen_to_end(quiet_at: float) -> None:
    clock = Clock()
    assert look_until(clock, quiet_at) == []
    assert clock.now <= quiet_at + LONGEST


def test_what_stays_is_reported_after_the_budget_and_not_later() -> None:
    clock = Clock()
    assert look_until(clock, 99.0) == ["left"]
    assert clock.now == 1.0
    assert clock.pauses == sorted(clock.pauses[:-1]) + clock.pauses[-1:]
    assert max(clock.pauses) <= LONGEST


def test_without_a_budget_it_looks_once() -> None:
    clock = Clock()
    assert settle(lambda: ["left"], 0.0, clock=lambda: clock.now, sleep=clock.sleep) == ["left"]
    assert clock.pauses == []
