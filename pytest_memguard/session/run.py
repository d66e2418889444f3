"""The turns of a run: each test's own protocol is run here, between a turn's begin and its end.

With no wrapper around set-up, call and tear-down, a test costs the guard one census and little else.
"""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import pytest
from _pytest.runner import CallInfo, runtestprotocol

from .. import kinds
from ..guard import Guard, release, use
from ..options import Settings
from ..origins import Owner
from ..probes import descriptors, processes
from ..reports.record import Record, known, write
from ..reports.summary import summary
from ..reports.text import Told
from ..verdict import Finding, Verdict, judge_peak
from .fixtures import Fixtures, functions
from .folders import Folders
from .marks import Marks, Misused, Terms
from .peaks import Peaks
from .phases import Phases
from .repeats import Repeats, is_wide, stay
from .sorting import Sorter
from .telling import put_back, tell

NAME = "memguard-session"


class Session:
    """Translates between pytest and the guard."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings = _where_filters_return(config, settings)
        self._fixtures = Fixtures()
        self._peaks = Peaks()
        self._guard = Guard(settings, managed=self._is_managed, fixtures=self._fixtures.living)
        self._repeats = Repeats(self._guard, self._fixtures)
        self._marks = Marks(Folders(settings, config.rootpath))
        self._sorter = Sorter(datetime.date.today(), settings.baseline, self._baseline())
        self._told = Told()
        self._phases = Phases(self._guard, self._marks, self._sorter, self._peaks, self._told)
        self._records: list[Record] = []
        self._watched: set[str] = set()
        self._others = False
        """Whether another plugin may run a test's protocol, such as a rerunner."""
        self._failed = ""
        """The test of the last report of a failure: a subtest's traceback holds things, too."""
        self._started = False
        if not _hands_out_tests(config):
            use(self._guard)
            self._started = True
            self._fixtures.guard = self._guard
            config.pluginmanager.register(self._fixtures, "memguard-fixtures")
            config.add_cleanup(self._guard.heap.thaw_for_good)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Put everything back."""
        if self._started:
            self._started = False
            release(self._guard, thaw=False)

    def pytest_report_header(self) -> list[str]:
        """Say what cannot be seen on this system."""
        seen = {"descriptors": descriptors.available(), "child processes": processes.available()}
        unseen = [name for name, available in seen.items() if not available]
        return [f"memguard: {' and '.join(unseen)} are not seen: this system has no /proc"] if unseen else []

    def pytest_collectreport(self) -> None:
        """Freeze what each file of tests brought: it stays, and collections need not walk it while more come."""
        if self._started:
            self._guard.heap.mark()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Mark the heap once everything is collected and imported, and see who else runs tests."""
        if self._started:
            self._others = bool(_foreign(session.config.hook.pytest_runtest_protocol))
            if self._others:
                self.config.pluginmanager.register(self._phases, "memguard-phases")
            if self._marks.measures_peaks(session.items):
                self.config.pluginmanager.register(self._peaks, "memguard-peaks")
            self._guard.settle_in()
        return (yield)

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test, and say what it left in the report of its call: that is what failed."""
        if not self._started:
            return None
        if self._others:
            for other in _foreign(item.ihook.pytest_runtest_protocol):
                if other(item, nextitem) is not None:
                    return True  # its phases were watched
        ihook = item.ihook
        ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        try:
            terms = self._marks.read(item)
        except Misused as error:
            with self._phases.resting():
                reports = _refuse(item, nextitem, error)
        else:
            with self._phases.resting():
                reports = self._turn(item, nextitem, terms)
        for report in reports:
            ihook.pytest_runtest_logreport(report=report)
        ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _turn(self, item: pytest.Item, nextitem: pytest.Item | None, terms: Terms) -> list[pytest.TestReport]:
        """Run a test once, and again where growth is to be proved; its reports say what was found."""
        self._peaks.limit = terms.settings.peak
        values = getattr(item, "funcargs", None)  # pytest lets go of what fixtures gave before the turn is judged
        explains = terms.settings.level == "explain"
        stays = stay(item) if terms.repeats or explains else nextitem
        owner = Owner(item.nodeid, "test", functions=functools.partial(functions, item))
        self._guard.begin(owner, terms.settings, next_one=True)
        if terms.repeats:
            self._repeats.before()
        self._failed = ""
        reports = runtestprotocol(item, nextitem=stays, log=False)
        passed = all(report.passed for report in reports) and self._failed != item.nodeid
        suspect = terms.repeats and passed and self._repeats.grew()
        findings = self._guard.end(judge=passed and terms.settings.enabled)
        del values
        if self._peaks.limit and self._peaks.peak > self._peaks.limit:
            findings.append(judge_peak(self._peaks.peak, self._peaks.limit, owner))
        if suspect and not any(each.verdict is Verdict.LEAKING for each in findings):  # what it left is on the heap too
            findings += self._repeats.judge(item, terms.settings, owner)
        if terms.repeats and passed and not any(kinds.find(each.kind).group == "heap" for each in findings):
            findings += self._repeats.judge_native(item, terms.settings, owner)
        if passed and explains:
            findings = self._repeats.name(item, findings, owner)
        if stays is not nextitem and is_wide(item, nextitem):
            findings += self._end_wider(item, nextitem, terms, reports)
        found = self._sorter.sort(item.nodeid, terms, findings)
        put_back(found)
        tell(reports, found, self._told)
        return reports

    def _end_wider(
        self, item: pytest.Item, nextitem: pytest.Item | None, terms: Terms, reports: list[pytest.TestReport]
    ) -> list[Finding]:
        """Tear down the wider fixtures that waited for the repetitions; the report is the test's tear-down's."""
        self._guard.begin(Owner(item.nodeid, "test"), terms.settings)
        call = CallInfo.from_call(lambda: item.session._setupstate.teardown_exact(nextitem), when="teardown")
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        if not report.passed:
            reports[-1:] = [report] if reports[-1].passed else [reports[-1], report]
        return self._guard.end(judge=report.passed and terms.settings.enabled)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what reports carry, a worker's too; a subtest's comes while its test runs."""
        if report.failed:
            self._failed = report.nodeid
        records = getattr(report, "memguard", None)
        if records is not None:
            self._watched.add(report.nodeid)
            self._records += records

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Write the JSON document, where the reports of all workers arrive."""
        if not self.settings.json or hasattr(self.config, "workerinput"):
            return
        try:
            write(self.config.invocation_params.dir / self.settings.json, self._records, len(self._watched))
        except OSError as error:
            raise pytest.UsageError(f"--memguard-json: {error.filename} cannot be written: {error.strerror}") from None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say each leak once, and what is only noted."""
        lines = list(summary(self._records, every_name=terminalreporter.verbosity > 0))
        if lines:
            terminalreporter.section("memguard")
            for line in lines:
                terminalreporter.line(line)

    def _baseline(self) -> frozenset[str]:
        if not self.settings.baseline:
            return frozenset()
        try:
            return known(self.config.invocation_params.dir / self.settings.baseline)
        except ValueError as error:
            raise pytest.UsageError(f"--memguard-baseline: {error}") from None

    @functools.cached_property
    def _basetemp(self) -> str:
        factory = getattr(self.config, "_tmp_path_factory", None)
        return os.path.realpath(factory.getbasetemp()) + os.sep if factory is not None else ""

    def _is_managed(self, path: str) -> bool:
        """Whether pytest keeps the folder and empties it in time."""
        return bool(self._basetemp) and os.path.realpath(path).startswith(self._basetemp)


def _refuse(item: pytest.Item, nextitem: pytest.Item | None, error: Misused) -> list[pytest.TestReport]:
    """The reports of a test whose marker is wrong: it is not run, because its set-up fails."""
    refusal = _Refusal(error)
    item.config.pluginmanager.register(refusal)
    try:
        return runtestprotocol(item, nextitem=nextitem, log=False)
    finally:
        item.config.pluginmanager.unregister(refusal)


class _Refusal:
    """Fails a set-up, after the other plugins' wrappers have begun."""

    def __init__(self, error: Misused) -> None:
        self._error = error

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Refuse."""
        raise self._error


def _foreign(hook: Any) -> list[Callable[..., Any]]:
    """The other plugins' ways to run a test's protocol, in the order in which they are asked."""
    return [
        functools.partial(_ask, each)
        for each in reversed(hook.get_hookimpls())
        if not (each.hookwrapper or each.wrapper) and each.plugin_name not in ("runner", NAME)
    ]


def _ask(implementation: Any, item: pytest.Item, nextitem: pytest.Item | None) -> object:
    values = {"item": item, "nextitem": nextitem}
    return implementation.function(*(values[name] for name in implementation.argnames))


def _where_filters_return(config: pytest.Config, settings: Settings) -> Settings:
    """Leave warnings filters alone where pytest's plugin puts them back, unless somebody asks for them."""
    if not config.pluginmanager.hasplugin("warnings"):
        return settings
    return replace(settings, kinds=("warnings filter=off", *settings.kinds))


def _hands_out_tests(config: pytest.Config) -> bool:
    """Whether this process only hands tests to others (xdist's controller)."""
    return getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")
