from __future__ import annotations

import sys

import pytest

from pytest_memguard.runtime import Event, Origin, subscribe
from pytest_memguard.runtime.events import emit, hooks

EVENT = Event("acquired", "pool lease", "Pool 'db'", 7, Origin())


def test_every_listener_hears_every_event() -> None:
    first: list[Event] = []
    second: list[Event] = []
    endings = [subscribe(first.append), subscribe(second.append)]

    emit(EVENT)

    for end in endings:
        end()
    assert first == second == [EVENT]


def test_a_listener_that_left_hears_nothing_more() -> None:
    heard: list[Event] = []
    subscribe(heard.append)()

    emit(EVENT)

    assert heard == []


def test_leaving_twice_takes_nobody_else_away() -> None:
    heard: list[Event] = []
    leave, stay = subscribe(heard.append), subscribe(heard.append)
    leave()
    leave()

    emit(EVENT)

    stay()
    assert heard == [EVENT]
    assert heard.append not in hooks


def test_a_listener_that_raises_is_reported_and_the_others_still_hear(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", reported.append)
    heard: list[Event] = []

    def broken(_: Event) -> None:
        raise ValueError("broken")

    endings = [subscribe(broken), subscribe(heard.append)]

    emit(EVENT)

    for end in endings:
        end()
    assert heard == [EVENT]
    (report,) = reported
    assert isinstance(report.exc_value, ValueError)  # type: ignore[attr-defined]
    assert report.object is broken  # type: ignore[attr-defined]
