"""A run under `--memguard`: pytest's hooks become turns of the guard, and findings become reports."""

from __future__ import annotations

import datetime
import functools
import os
import tracemalloc
import types
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from _pytest.outcomes import Failed
from _pytest.runner import runtestprotocol

from .allowed import LIMITS, Allowance, BadAllowance, read_allowance, split, within
from .growth import RUNS, WARM_UPS, Growth, Size, Tape, explain, grows
from .guard import Guard, release, use
from .options import MARKED, BadOption, Settings, overlaid
from .origins import Owner, relative
from .reports.record import Record, known, record, write
from .reports.summary import summary
from .reports.text import count_by_kind, describe, headline
from .verdict import Finding, Verdict, judge_growth, judge_peak

LEFT = pytest.StashKey[list[Finding]]()
"""What a test left, from its tear-down to its report."""
RECORDS = pytest.StashKey[list[Record]]()
"""What is known about a test, to travel with its last report."""
SETTINGS = pytest.StashKey[Settings]()
"""How a test is watched: the run's options and its own marker."""
PEAK = pytest.StashKey[int]()
"""What a call needed at its highest, in bytes, when that is above its limit."""
PASSED = pytest.StashKey[bool]()
"""Whether every phase of a test so far has passed."""


class Leaked(Failed):
    """Raised at tear-down where another plugin runs the test's protocol, such as a rerunner."""


class Misused(Failed):
    """A marker that says something else than it can; shown without a traceback."""


class Session:
    """Translates between pytest and the guard."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings = _where_filters_return(config, settings)
        self.today = datetime.date.today()
        self._fixtures: dict[Any, Owner] = {}
        self._guard = Guard(settings, managed=self._is_managed, fixtures=self._living)
        self._started = False
        self._ours = False
        self._records: list[Record] = []
        self._watched = 0
        self._known = self._baseline()
        self._quiet = False
        """Whether a repetition runs, which nobody hears of."""
        if not _hands_out_tests(config):
            use(self._guard)
            self._started = True

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Put everything back."""
        if self._started:
            self._started = False
            release(self._guard)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Mark the heap once everything is collected and imported."""
        implementations = session.ihook.pytest_runtest_protocol.get_hookimpls()
        foreign = [each for each in implementations if not (each.hookwrapper or each.wrapper)]
        self._ours = {each.plugin_name for each in foreign} <= {"runner", "memguard-session"}
        if self._started:
            self._guard.settle_in()
        return (yield)

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test, and say what it left in the report of its call: that is what failed."""
        if not self._ours or not self._started:
            return None
        ihook = item.ihook
        ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        if self.settings.level == "heap":
            reports = self._repeated(item, nextitem)
        else:
            reports = runtestprotocol(item, nextitem=nextitem, log=False)
        mine, others = self._parted(item)
        if mine:
            _fail(next(report for report in reports if report.when == "call"), mine)
        if others:
            _fail(reports[-1], others)
        for report in reports:
            ihook.pytest_runtest_logreport(report=report)
        ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Begin a test's turn."""
        if not self._started or self._quiet:
            return (yield)
        settings = self._settings(item)
        self._allowances(item)  # refused before the test runs, not after
        item.stash[PASSED] = True
        item.stash[LEFT] = []
        self._guard.begin(Owner(item.nodeid, "test"), settings)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Measure the call of a test that has a limit, and of no other: measuring costs three times the call."""
        limit = self._settings(item).peak if self._started and not self._quiet else 0
        if not limit or tracemalloc.is_tracing():
            return (yield)
        tracemalloc.start()
        try:
            result = yield
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        if peak > limit:
            item.stash[PEAK] = peak
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note whether a phase passed: a failed test's traceback holds its things, so it is not judged."""
        report = yield
        if not report.passed:
            item.stash[PASSED] = False
        if report.when == "teardown" and RECORDS in item.stash:
            vars(report)["memguard"] = item.stash[RECORDS]
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """End a test's turn, after its own tear-down and that of the fixtures that end with it."""
        if not self._started or self._quiet or LEFT not in item.stash:
            return (yield)
        clean = False
        try:
            result = yield
            clean = True
        finally:
            findings = self._guard.end(judge=clean and item.stash.get(PASSED, False) and self._settings(item).enabled)
            if PEAK in item.stash:
                owner = Owner(item.nodeid, "test", ended=True)
                findings.append(judge_peak(item.stash[PEAK], self._settings(item).peak, owner))
            self._sort(item, findings)
        mine, others = self._parted(item)
        if not self._ours and (mine or others):
            raise Leaked(_text([*mine, *others]), pytrace=False)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Charge what a wider fixture acquires in its set-up to the fixture."""
        if not self._started or fixturedef.scope == "function":
            return (yield)
        owner = Owner(fixturedef.argname, "fixture", fixturedef.scope, _place(fixturedef))
        owner.roots = functools.partial(_roots, fixturedef)
        self._fixtures[fixturedef] = owner
        with self._guard.setting_up(owner):
            return (yield)

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """A wider fixture's tear-down is over: what it still has is left behind."""
        owner = self._fixtures.pop(fixturedef, None)
        if owner is not None:
            owner.ended = True
            owner.roots = tuple

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what reports carry, a worker's too."""
        records = getattr(report, "memguard", None)
        if records is not None:
            self._watched += 1
            self._records += records

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Write the JSON document, where the reports of all workers arrive."""
        if not self.settings.json or hasattr(self.config, "workerinput"):
            return
        try:
            write(self.config.invocation_params.dir / self.settings.json, self._records, self._watched)
        except OSError as error:
            raise pytest.UsageError(f"--memguard-json: {error.filename} cannot be written: {error.strerror}") from None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say each leak once, and what is only noted."""
        lines = list(summary(self._records))
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

    def _repeated(self, item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        """Run a test; when its heap grew, run it again until growth is proved or dismissed.

        The repetitions come before the reported run, with the test's own fixtures set up anew each time.
        """
        growth = None
        if self._settings(item).enabled and not self._settings(item).ignores("heap growth"):
            growth = self._growth(item)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if growth is not None and all(report.passed for report in reports):
            owner = Owner(item.nodeid, "test", ended=True)
            records = item.stash[RECORDS]
            left = item.stash[LEFT]
            self._sort(item, [judge_growth(growth, owner)])
            item.stash[RECORDS] = records + item.stash[RECORDS]
            item.stash[LEFT] = left + item.stash[LEFT]
            vars(reports[-1])["memguard"] = item.stash[RECORDS]
        return reports

    def _growth(self, item: pytest.Item) -> Growth | None:
        def once() -> bool:
            parent: Any = item.parent  # with the parent as the next one, only the test's own fixtures end
            reports = runtestprotocol(item, nextitem=parent, log=False)
            item._report_sections.clear()
            return all(report.passed for report in reports)

        self._guard.heap.thaw("the heap level")
        self._quiet = True
        tape = Tape(RUNS + 3)
        try:
            tape.measure()
            if not once():
                return None
            tape.measure()
            before, after = tape.sizes()
            if after.blocks <= before.blocks or after.objects <= before.objects:
                return None
            for at in range(WARM_UPS + RUNS):
                if at >= WARM_UPS:
                    tape.measure()
                if not once():
                    return None
            tape.measure()
            sizes = tape.sizes()[2:]
            if not grows(sizes):
                return None
            return explain(once, Size(sizes[-1].blocks - sizes[-2].blocks, sizes[-1].objects - sizes[-2].objects))
        finally:
            self._quiet = False

    def _sort(self, item: pytest.Item, findings: list[Finding]) -> None:
        """Part what fails from what is only noted."""
        strict = self._settings(item).strict
        counted, allowed = split(findings, self._allowances(item), self.today)
        settings = self._settings(item)
        limits = within(counted, {name: getattr(settings, name) for name in LIMITS})
        allowed += limits
        counted = [each for each in counted if each not in [finding for finding, _ in limits]]
        old = [each for each in counted if each.fingerprint in self._known]
        allowed += [(each, Allowance(each.kind, f"in the baseline {self.settings.baseline}")) for each in old]
        counted = [each for each in counted if each not in old]
        failing = [each for each in counted if not each.advisory]
        left = [each for each in failing if each.verdict is Verdict.LEAKING or strict]
        item.stash[LEFT] = left
        item.stash[RECORDS] = [
            *(record(item.nodeid, each, fails=each in left) for each in counted),
            *(record(item.nodeid, each, fails=False, allowed=str(why)) for each, why in allowed),
        ]

    def _parted(self, item: pytest.Item) -> tuple[list[Finding], list[Finding]]:
        left = item.stash.get(LEFT, [])
        mine = [finding for finding in left if finding.owner.role != "fixture"]
        return mine, [finding for finding in left if finding.owner.role == "fixture"]

    def _settings(self, item: pytest.Item) -> Settings:
        if SETTINGS not in item.stash:
            item.stash[SETTINGS] = self._read_marker(item)
        return item.stash[SETTINGS]

    def _read_marker(self, item: pytest.Item) -> Settings:
        values: dict[str, Any] = {}
        for marker in reversed(list(item.iter_markers("memguard"))):
            if marker.args:
                raise Misused(
                    f"{item.nodeid}: memguard takes names only, such as memguard(enabled=False)", pytrace=False
                )
            unknown = [name for name in marker.kwargs if name not in MARKED]
            if unknown:
                known_names = ", ".join(MARKED)
                raise Misused(f"{item.nodeid}: memguard takes no {unknown[0]!r}; it takes {known_names}", pytrace=False)
            values.update(marker.kwargs)
        if not values:
            return self.settings
        try:
            return overlaid(self.settings, values)
        except BadOption as error:
            raise Misused(f"{item.nodeid}: {error}", pytrace=False) from None

    def _allowances(self, item: pytest.Item) -> list[Allowance]:
        try:
            return [read_allowance(*marker.args, **marker.kwargs) for marker in item.iter_markers("memguard_allow")]
        except (BadAllowance, TypeError) as error:
            raise Misused(f"{item.nodeid}: {error}", pytrace=False) from None

    def _living(self) -> Iterable[Owner]:
        return list(self._fixtures.values())

    @functools.cached_property
    def _basetemp(self) -> str:
        factory = getattr(self.config, "_tmp_path_factory", None)
        return os.path.realpath(factory.getbasetemp()) + os.sep if factory is not None else ""

    def _is_managed(self, path: str) -> bool:
        """Whether pytest keeps the folder and empties it in time."""
        return bool(self._basetemp) and os.path.realpath(path).startswith(self._basetemp)


def _where_filters_return(config: pytest.Config, settings: Settings) -> Settings:
    """Leave warnings filters alone where pytest's plugin puts them back, unless somebody asks for them."""
    if not config.pluginmanager.hasplugin("warnings"):
        return settings
    return replace(settings, kinds=("warnings filter=off", *settings.kinds))


def _fail(report: pytest.TestReport, findings: list[Finding]) -> None:
    """Make a report that passed say what was left."""
    if report.failed:
        return
    report.outcome = "failed"
    report.longrepr = _text(findings)
    file, line, _ = report.location
    report.location = file, line, headline(findings[0].owner, findings)


def _text(findings: list[Finding]) -> str:
    owners = list(dict.fromkeys(finding.owner for finding in findings))
    parts = []
    for owner in owners:
        its = [finding for finding in findings if finding.owner is owner]
        who = f"{owner} (defined at {owner.place}) " if owner.place else ""
        parts.append(f"{who}left {count_by_kind(its)}\n\n{describe(its)}")
    return "\n\n".join(parts)


def _place(fixturedef: pytest.FixtureDef[Any]) -> str:
    code = getattr(getattr(fixturedef.func, "__wrapped__", fixturedef.func), "__code__", None)
    return f"{relative(code.co_filename)}:{code.co_firstlineno}" if code is not None else ""


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


def _hands_out_tests(config: pytest.Config) -> bool:
    """Whether this process only hands tests to others (xdist's controller)."""
    return getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")
