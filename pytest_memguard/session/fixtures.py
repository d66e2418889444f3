"""Fixtures that live longer than a test: each is an owner of its own, judged at its own tear-down."""

from __future__ import annotations

import functools
import types
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import pytest

from ..guard import Guard
from ..origins import Owner, defined_at, fixture_name


class Fixtures:
    """The wider fixtures that live now."""

    def __init__(self) -> None:
        self._owners: dict[Any, Owner] = {}
        self.guard: Guard | None = None
        """Whom to tell of set-ups; none while nothing is watched."""

    def living(self) -> Iterable[Owner]:
        """The owners whose tear-down has not come."""
        return list(self._owners.values())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Charge what a wider fixture acquires in its set-up to the fixture; name one of the test's own scope."""
        if self.guard is None:
            return (yield)
        if fixturedef.scope == "function":
            with self.guard.ledger.preparing(fixturedef):
                return (yield)
        owner = Owner(fixture_name(fixturedef.argname), "fixture", fixturedef.scope, defined_at(fixturedef.func))
        owner.roots = functools.partial(_roots, fixturedef)
        owner.functions = lambda: [fixturedef.func]
        self._owners[fixturedef] = owner
        with self.guard.setting_up(owner):
            return (yield)

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """A wider fixture's tear-down is over: what it still has is left behind."""
        owner = self._owners.pop(fixturedef, None)
        if owner is not None:
            owner.ended = True
            owner.roots = tuple


def definitions(item: pytest.Item) -> Iterator[pytest.FixtureDef[Any]]:
    """The fixtures that a test may have, those that override each other too."""
    info = getattr(item, "_fixtureinfo", None)
    for each in info.name2fixturedefs.values() if info is not None else ():
        yield from each


def functions(item: pytest.Item) -> Iterator[object]:
    """The functions where a test's code begins: its own, those of its fixtures, those that it is parametrised with."""
    yield getattr(item, "obj", None)
    yield from (each.func for each in definitions(item))
    callspec = getattr(item, "callspec", None)
    yield from callspec.params.values() if callspec is not None else ()


def _roots(fixturedef: pytest.FixtureDef[Any]) -> Iterator[Any]:
    """What a fixture keeps: its value, and the locals of its function while that waits at its `yield`."""
    cached = fixturedef.cached_result
    if cached is not None:
        yield cached[0]
    for finalizer in fixturedef._finalizers:
        for argument in getattr(finalizer, "args", ()):
            if isinstance(argument, types.GeneratorType) and argument.gi_frame is not None:
                yield from (value for value in argument.gi_frame.f_locals.values() if not _is_pytests(value))


def _is_pytests(value: object) -> bool:
    return type(value).__module__.startswith("_pytest")
