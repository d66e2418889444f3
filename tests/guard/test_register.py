"""The register of followed objects can be read while the collector frees some of them."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from pytest_memguard.frames import Origin
from pytest_memguard.origins import Acquisition, Owner
from pytest_memguard.probes.watched import Register


class Thing:
    """Part of a circle: only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("thresholds")
def test_a_collection_may_come_at_any_moment_of_a_look() -> None:
    acquired = Acquisition("thing", "", Origin(None), Owner("it", "test"))
    for moment in range(1, 80):
        register = Register(id)
        gc.set_threshold(0)
        for _ in range(20):
            register.add(Thing(), acquired)
        gc.set_threshold(gc.get_count()[0] + moment)
        for _ in range(30):
            assert all(isinstance(thing, Thing) for thing, _ in register)
