"""Where another plugin runs a test's protocol (a rerunner, a forker), a turn goes from set-up to tear-down.

What is left then shows as an error at tear-down: the report of the call is the other plugin's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from functools import partial

import pytest
from _pytest.outcomes import Failed

from ..guard import Guard
from ..origins import Owner
from ..reports.text import Told
from ..verdict import judge_peak
from .fixtures import functions
from .marks import Marks, Terms
from .peaks import Peaks
from .sorting import Sorted, Sorter
from .telling import carry, put_back, text

FOUND = pytest.StashKey[Sorted]()
"""What a test left, from its tear-down to its report."""
TERMS = pytest.StashKey[Terms]()
"""What a test is judged by, from its set-up to its tear-down."""
PASSED = pytest.StashKey[bool]()
"""Whether every phase of a test so far has passed."""


class Leaked(Failed):
    """Raised at tear-down for what is left; shown without a traceback."""


class Phases:
    """Watches the phases of tests whose protocol others run."""

    def __init__(self, guard: Guard, marks: Marks, sorter: Sorter, peaks: Peaks, told: Told) -> None:
        self._guard, self._marks, self._sorter, self._peaks, self._told = guard, marks, sorter, peaks, told
        self._rests = False
        self._failed: set[str] = set()
        """The tests of which a failure has been reported since their set-up: a subtest's."""

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """Watch nothing: the session itself runs this test."""
        self._rests = True
        try:
            yield
        finally:
            self._rests = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Begin a test's turn; a marker that is wrong is refused before the test runs."""
        if self._rests:
            return (yield)
        item.stash[TERMS] = terms = self._marks.read(item)
        item.stash[PASSED] = True
        self._failed.discard(item.nodeid)
        self._peaks.limit = terms.settings.peak
        self._guard.begin(Owner(item.nodeid, "test", functions=partial(functions, item)), terms.settings)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """End a test's turn, after its own tear-down and that of the fixtures that end with it."""
        terms = item.stash.get(TERMS, None)
        if self._rests or terms is None:
            return (yield)
        del item.stash[TERMS]
        clean = False
        try:
            result = yield
            clean = True
        finally:
            findings = self._guard.end(judge=clean and self._passed(item) and terms.settings.enabled)
            if self._peaks.limit and self._peaks.peak > self._peaks.limit:
                owner = Owner(item.nodeid, "test", ended=True)
                findings.append(judge_peak(self._peaks.peak, self._peaks.limit, owner))
            item.stash[FOUND] = found = self._sorter.sort(item.nodeid, terms, findings)
            put_back(found)
        if found.failing:
            raise Leaked(text([*found.own, *found.of_fixtures], self._told), pytrace=False)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a subtest's failure, which comes while its test runs."""
        if report.failed and not self._rests:
            self._failed.add(report.nodeid)

    def _passed(self, item: pytest.Item) -> bool:
        return item.stash[PASSED] and item.nodeid not in self._failed

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note whether a phase passed: a failed test's traceback holds its things, so it is not judged."""
        report = yield
        if not report.passed:
            item.stash[PASSED] = False
        found = item.stash.get(FOUND, None)
        if report.when == "teardown" and found is not None:
            carry(report, found)
            del item.stash[FOUND]
        return report
