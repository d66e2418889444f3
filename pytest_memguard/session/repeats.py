"""Tests that are run again, unheard of, until growth of their heap is proved or dismissed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from .. import kinds, native
from ..containers import Lengths
from ..frames import Origin
from ..growth import Keepers, Tape, Unproved, prove
from ..guard import Guard
from ..openings import Openings
from ..options import Settings
from ..origins import Acquisition, Owner
from ..verdict import Finding, judge_growth, judge_native, judge_opened, judge_unproved
from .fixtures import Fixtures, definitions


def stay(item: pytest.Item) -> Any:
    """What to name as the next test, so that only the test's own fixtures end: its parent."""
    return item.parent


def is_wide(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Whether a wider fixture's scope ends with this test."""
    following = nextitem.listchain() if nextitem is not None else []
    return item.parent is None or any(node not in following for node in item.parent.listchain())


class Repeats:
    """Runs suspects again."""

    def __init__(self, guard: Guard, fixtures: Fixtures) -> None:
        self._guard = guard
        self._fixtures = fixtures
        self._keepers = Keepers()
        self._tape = Tape(guard.heap)
        self._lengths = Lengths()
        self._native = 0

    def before(self) -> None:
        """Look at the heap before a test's reported run."""
        self._native = native.in_use()
        self._lengths.begin()
        self._tape.rewind()
        self._tape.look()

    def grew(self) -> bool:
        """Whether the reported run left more blocks, and objects or a longer container: a quarter of clean tests do."""
        self._tape.look()
        self._native = native.in_use() - self._native
        before, after = self._tape.sizes()
        if after.blocks <= before.blocks:
            return False
        if after.objects > before.objects:
            return True
        self._lengths.look()
        return bool(self._lengths.growing)

    def judge(self, item: pytest.Item, settings: Settings, owner: Owner) -> list[Finding]:
        """Repeat a suspect; the repetitions set the test's own fixtures up anew, wider ones live on."""
        if settings.ignores("heap growth"):
            return []

        with self._unheard():
            result = prove(
                lambda: _again(item),
                self._guard.heap,
                self._keepers,
                settings.repeats,
                weighs=settings.growth is not None,
                explains=settings.level == "explain",
            )
        if result is None:
            return []
        if isinstance(result, Unproved):
            return [judge_unproved(result, owner)]
        return [judge_growth(result, owner)]

    def judge_native(self, item: pytest.Item, settings: Settings, owner: Owner) -> list[Finding]:
        """Repeat a test whose reported run took memory that Python does not count."""
        if self._native < native.LEAST or settings.ignores("native growth"):
            return []
        with self._unheard():
            size = native.prove(lambda: _again(item), self._guard.heap.collect, settings.repeats)
        return [judge_native(size, settings.repeats, owner)] if size else []

    def name(self, item: pytest.Item, findings: list[Finding], owner: Owner) -> list[Finding]:
        """Run a test once more, line by line, when it left descriptors that nothing told of; say who opened them."""
        unknown = [each for each in findings if each.acquired is None and kinds.find(each.kind).group == "descriptor"]
        if not unknown:
            return findings
        with self._unheard(), Openings() as openings:
            _again(item)
        known = {kind: iter(each) for kind, each in openings.by_kind().items()}
        told: list[Finding] = []
        for finding in findings:
            where = next(known.get(finding.kind, iter(())), None) if finding in unknown else None
            told.append(
                judge_opened(finding, Acquisition(finding.kind, "", Origin(where), owner)) if where else finding
            )
        return told

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """No set-up counts, and no turn."""
        guard, self._fixtures.guard = self._fixtures.guard, None
        try:
            yield
        finally:
            self._fixtures.guard = guard
            self._guard.heap.collect(everything=False)  # a search for who keeps it has thawed the heap
            self._guard.heap.mark()


def _again(item: pytest.Item) -> bool:
    """Run a test with its own fixtures set up anew; whether it passed."""
    living = [(each, len(each._finalizers)) for each in definitions(item) if each.scope != "function"]
    reports = runtestprotocol(item, nextitem=stay(item), log=False)
    for each, before in living:  # pytest tells a wider fixture to end each narrower one, as often as that is set up
        del each._finalizers[before:]
    item._report_sections.clear()
    return all(report.passed for report in reports)
