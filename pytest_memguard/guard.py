"""The guard: censuses before and after a turn, what is left is settled, charged to its owner and judged."""

from __future__ import annotations

import contextlib
import datetime
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from . import kinds, paths
from .allocations import measured
from .allowed import LIMITS, Allowance, read_allowances, split, within
from .heap import HeapMark
from .holders import held_now, stands_at
from .ledger import MARK, Drop, Ledger
from .options import BadOption, Settings
from .options import settings as read_settings
from .origins import NOBODY, Owner, Place
from .probes.loops import Loops
from .probes.patches import Stands
from .probes.pools import Pools
from .probes.probe import Census, Key, Probe, Restores, Sight, room
from .probes.roster import roster
from .probes.threads import Threads
from .reports.text import describe
from .settle import settle
from .statements import only_line
from .verdict import Finding, Verdict, fold, judge_drop, judge_kept, judge_line, judge_peak, judge_sight


@dataclass(slots=True)
class _Turn:
    """From an owner's begin to its end."""

    owner: Owner
    settings: Settings
    before: Census
    """What was there at its begin."""
    innocent: set[Key]
    """What was there before, or has been found to be nobody's fault."""
    entered: int
    """How many acquisitions the ledger knew at its begin."""


class Guard:
    """Watches turns: `begin` an owner's, and `end` says what it left.

    `managed` tells which folders are emptied by somebody else; `fixtures` which wider owners live.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        managed: Callable[[str], bool] = lambda _: False,
        fixtures: Callable[[], Iterable[Owner]] = tuple,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings or Settings()
        self.ledger = Ledger()
        self.heap = HeapMark()
        self._resting = kinds.resting(self.settings.switches)
        self._heard = {self.settings.switches}
        self._fixtures = fixtures
        self._clock, self._sleep = clock, sleep
        self._turns: list[_Turn] = []
        self._adopted: dict[Key, Owner] = {}
        self._unchanged: Census | None = None
        """What the last turn ended with, when none of it came in that turn: then the next one need not look first."""
        self._probes = roster(MARK, managed)
        self._started: list[Probe] = []
        self._stands = Stands()
        self._by_name: dict[str, Probe] = {}

    def start(self) -> None:
        """Hook and patch.  Raises `ValueError` when another guard runs."""
        try:
            self._start_awake(self._resting)
            self.heap.start(self._stands)
            self._stands.put()
        except BaseException:
            self.stop()
            raise

    def stop(self, *, thaw: bool = True) -> None:
        """Put everything back; without `thaw` the heap stays frozen until `heap.thaw_for_good`."""
        self.heap.stop(thaw=thaw)
        while self._started:
            self._started.pop().stop()
        self._stands.undo()

    def _start_awake(self, resting: frozenset[str]) -> None:
        """Start the probes that something is asked of; threads always, because they carry their owner's tag."""
        for probe in self._probes:
            if probe not in self._started and (room(probe) not in resting or isinstance(probe, Threads)):
                self._started.append(probe)
                probe.start(self.ledger, self._stands)

    def _hear(self, switches: kinds.Switches) -> None:
        """Start the probes that these switches ask something of and that rested so far."""
        self._heard.add(switches)
        resting = kinds.resting(switches)
        if not self._resting <= resting:
            self._start_awake(resting)
            self._resting &= resting
            self._stands.put()
            self._unchanged = None

    def settle_in(self) -> None:
        """Freeze the heap as it is once everything is imported, and the probes have seen what was."""
        self.heap.thaw("the probes look for what was made before the first test, such as pools")
        self.take()
        self.heap.mark()

    def take(self) -> Census:
        """Everything that is alive now, of every kind."""
        return frozenset().union(*(probe.take() for probe in self._started))

    def begin(self, owner: Owner, settings: Settings | None = None, *, next_one: bool = False) -> None:
        """Begin a turn: what is acquired from now on is its owner's.

        `next_one` promises that nothing of the project's has run since the end of the last turn.
        """
        if settings is not None and settings.switches not in self._heard:
            self._hear(settings.switches)
        self.ledger.take_drops()
        before = self._unchanged if next_one and self._unchanged is not None else self.take()
        self._unchanged = None
        innocent = set(before - self._adopted.keys() if self._adopted else before)
        self._turns.append(_Turn(owner, settings or self.settings, before, innocent, self.ledger.entered))
        self.ledger.begin(owner)

    @contextlib.contextmanager
    def setting_up(self, owner: Owner) -> Iterator[None]:
        """The set-up of a wider fixture: what appears meanwhile is the fixture's."""
        before = self.take()
        try:
            with self.ledger.turn(owner):
                yield
        finally:
            for key in self.take() - before:
                self._adopted.setdefault(key, owner)

    def end(self, *, judge: bool = True) -> list[Finding]:
        """End the turn that began last; say what it left, and what fixtures that ended meanwhile left.

        Without `judge` (the test failed: its traceback holds its things) everything is let go unsaid.
        """
        turn = self._turns.pop()
        turn.owner.ended = True
        now = self.take()
        fresh = self._fresh(turn, now)
        self._unchanged = now if not fresh and now <= turn.before else None
        if not fresh and self.ledger.entered == turn.entered and not self.ledger.drops:
            if self.heap.crowded:
                self.heap.collect(everything=False)
                self.heap.mark()
            self._forget_ended()
            self._hand_back()
            return []
        self.heap.collect(everything=False)
        left = self._left(turn, self.take()) if fresh else {}
        if left and self.heap.noticed:
            self.heap.collect()
            left = self._left(turn, self.take())
        if left and judge:
            budget = turn.settings.settle * self._hope(turn)
            left = settle(lambda: self._still(left), budget, clock=self._clock, sleep=self._sleep)
        findings = [
            replace(self._judge(sight, owner, thoroughly=turn.settings.level == "explain"), undo=self._undo(key, turn))
            for key, (sight, owner) in left.items()
            if judge and not (sight.acquired is not None and sight.acquired.dropped)
        ]
        drops = self.ledger.take_drops()
        if judge:
            findings += [judge_drop(drop) for drop in drops if self._counts(drop, turn)]
        for finding in findings:
            if finding.acquired is not None:
                finding.acquired.reported = True
        self._let_go(turn)
        self._hand_back()
        return fold(moded(findings, turn.settings))

    def _fresh(self, turn: _Turn, now: Census) -> list[Key]:
        """What was not there before and is not a living fixture's: most turns leave nothing and need no more looks."""
        return [key for key in now - turn.innocent if key not in self._adopted or self._adopted[key].ended]

    def _hand_back(self) -> None:
        """What comes now is the outer turn's, if there is one."""
        self.ledger.begin(self._turns[-1].owner if self._turns else NOBODY)

    def _left(self, turn: _Turn, now: Census) -> dict[Key, tuple[Sight, Owner]]:
        """What is there now, was not before, and belongs to an owner whose tear-down is over."""
        left: dict[Key, tuple[Sight, Owner]] = {}
        for key in now - turn.innocent:
            owner = self._adopted.get(key)
            if owner is not None and not owner.ended:
                continue
            sight = self._by_kind(key).describe(key)
            if sight is None:
                turn.innocent.add(key)
                continue
            owner = owner or (sight.acquired.owner if sight.acquired else turn.owner)
            if owner is turn.owner:
                owner = self._holder(sight) or owner
            if not owner.ended:
                self._adopted[key] = owner
            elif owner is turn.owner or key in self._adopted:
                left[key] = sight, owner
            else:
                turn.innocent.add(key)
        return left

    def _still(self, before: dict[Key, tuple[Sight, Owner]]) -> dict[Key, tuple[Sight, Owner]]:
        """Of what was left at the first look, what is left now."""
        now = self.take()
        return {key: seen for key, seen in before.items() if key in now}

    def _holder(self, sight: Sight) -> Owner | None:
        """The wider fixture whose value keeps a thing, or the owner of the pool that does, though a test needed it."""
        if sight.object is None:
            return None
        keepers = [(owner, owner.roots()) for owner in self._fixtures()]
        pools = next((probe for probe in self._started if isinstance(probe, Pools)), None)
        closed: tuple[type, ...] = ()
        if pools is not None and kinds.find(sight.kind).group == "lease":
            # what a pool has lent is its user's, not the pool's, nor the loop's that waits for its answers
            closed = (*pools.classes, *(type(loop) for loop in self._loops()))
        elif pools is not None:
            keepers += [(owner, [pool]) for owner, pool in pools.living()]
        return next(
            (owner for owner, roots in keepers if paths.reaches(roots, sight.object, closed=closed)),
            None,
        )

    def _loops(self) -> list[Any]:
        return [loop for probe in self._started if isinstance(probe, Loops) for loop in probe.every()]

    def _counts(self, drop: Drop, turn: _Turn) -> bool:
        """Whether a drop is this turn's, or a fixture's, and not said yet."""
        owner = drop.acquired.owner
        return not drop.acquired.reported and (owner is turn.owner or owner.role == "fixture")

    def _undo(self, key: Key, turn: _Turn) -> Callable[[], object] | None:
        """What puts process state back as the turn has found it, but for what an ended owner had made of it."""
        probe = self._by_kind(key)
        if not isinstance(probe, Restores):
            return None
        wider = [each for each, owner in self._adopted.items() if not owner.ended and probe.is_same(each, key)]
        before = [each for each in turn.before if each not in self._adopted and probe.is_same(each, key)]
        return probe.undo(key, next(iter([*wider[::-1], *before]), None))

    def _hope(self, turn: _Turn) -> float:
        """How much of the waiting time is worth it: all while the turn's own threads or children live."""
        if threading.active_count() == 1 and not any(key[0] == "process" for key in self.take() - turn.innocent):
            return 0.0
        its = any(getattr(thread, MARK, NOBODY) is turn.owner for thread in threading.enumerate())
        others = any(key[0] == "process" for key in self.take() - turn.innocent)
        return 1.0 if its or others else 0.1

    def _judge(self, sight: Sight, owner: Owner, *, thoroughly: bool) -> Finding:
        finding = judge_sight(sight, owner)
        if sight.acquired is None and sight.clue is not None:
            self.heap.thaw("a search for the line that changed something")
            finding = judge_line(finding, only_line(sight.clue, owner.functions()))
        if finding.verdict is Verdict.UNKNOWN and sight.acquired is not None and sight.object is not None:
            return judge_kept(finding, paths.chain(paths.module_roots(Place.PROJECT), sight.object))
        if finding.verdict is not Verdict.LEAKING:
            return finding
        by_library = sight.acquired is not None and sight.acquired.acquirer() is Place.LIBRARY
        if sight.object is None:
            reason = "an installed library made it, for itself or not"
            return replace(finding, verdict=Verdict.UNKNOWN, reason=reason) if by_library else finding
        if not by_library and kinds.find(sight.kind).group == kinds.STATE:
            return finding  # the process keeps it, under the name that the finding says: that is what is wrong
        held_by = paths.chain(paths.module_roots(Place.PROJECT), sight.object)
        if by_library and not held_by:
            kept = paths.chain(paths.module_roots(Place.LIBRARY), sight.object, 4 * paths.LIMIT)
            if kept:
                return replace(finding, verdict=Verdict.UNKNOWN, reason="an installed library keeps it", held_by=kept)
        now_at = stands_at(sight.object)
        if not now_at:
            held_by = held_by or held_now(sight.object) or self._search(sight.object, thoroughly)
        return replace(finding, held_by=held_by, now_at=now_at)

    def _search(self, thing: object, thoroughly: bool) -> str:
        """The chain from any module at all, for who asked for more than the cheap searches."""
        if not thoroughly:
            return ""
        self.heap.thaw("a search for who keeps something")
        return str(paths.back(thing, paths.all_roots()) or "")

    def _let_go(self, turn: _Turn) -> None:
        self._forget_ended()
        for probe in self._started:
            probe.forget(turn.owner)
        self.heap.mark()

    def _forget_ended(self) -> None:
        """What ended owners had is told or gone, and another thing may come by its number."""
        if self._adopted:
            self._adopted = {key: owner for key, owner in self._adopted.items() if not owner.ended}

    def _by_kind(self, key: Key) -> Probe:
        if not self._by_name:
            self._by_name = {probe.name: probe for probe in self._probes}
            self._by_name["task"] = self._by_name["loop"]
        return self._by_name[str(key[0])]


def moded(findings: Iterable[Finding], settings: Settings) -> Iterator[Finding]:
    """Leave out what is no leak and what is not looked at; mark what is only reported."""
    for finding in findings:
        if finding.verdict is Verdict.NOT_LEAKING or settings.ignores(finding.kind):
            continue
        if finding.verdict is Verdict.UNKNOWN and _is_a_note_at_most(finding, settings):
            continue
        if settings.only_reports(finding.kind) and not finding.advisory:
            yield replace(finding, advisory=True, reason=f"{finding.reason}; this kind is only reported")
        else:
            yield finding


def _is_a_note_at_most(finding: Finding, settings: Settings) -> bool:
    """Whether suites have a kind on purpose: what a library does of it, as certifi at exit, is no news."""
    return settings.only_reports(finding.kind) and kinds.find(finding.kind).mode == "report"


class LeakError(AssertionError):
    """A watched block left something behind; the message says what, where it was acquired and how to end it."""


class Watch:
    """A watched block's result: `findings` after the block, and `assert_clean`."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.allowed: list[tuple[Finding, Allowance]] = []
        """The findings that a limit or `allow` lets pass, each with the reason."""
        self._over = False

    @property
    def leaks(self) -> list[Finding]:
        """The findings that are certain and not allowed."""
        allowed = [finding for finding, _ in self.allowed]
        certain = [each for each in self.findings if each.verdict is Verdict.LEAKING and not each.advisory]
        return [each for each in certain if each not in allowed]

    def assert_clean(self) -> None:
        """Raise `LeakError` when the block left something behind; only after the block."""
        if not self._over:
            raise RuntimeError("assert_clean() judges a finished block: call it after the `with`, not inside")
        if self.leaks:
            raise LeakError("the watched block left something behind\n" + describe(self.leaks))


def _allowed(
    findings: list[Finding], settings: Settings, allowances: tuple[Allowance, ...]
) -> list[tuple[Finding, Allowance]]:
    counted, allowed = split(findings, allowances, datetime.date.today())
    return allowed + within(counted, {name: getattr(settings, name) for name in LIMITS})


_running: list[Guard] = []
"""The guard of this process, when there is one: a block inside a guarded test joins it."""


def use(guard: Guard) -> None:
    """Make `guard` the process's: start it.  End with `release`."""
    guard.start()
    _running.append(guard)


def release(guard: Guard, *, thaw: bool = True) -> None:
    """End what `use` began."""
    _running.remove(guard)
    guard.stop(thaw=thaw)


@contextlib.contextmanager
def watch(name: str = "the watched block", **options: Any) -> Iterator[Watch]:
    """Watch a block of code, in a test, a script or a notebook; options are those of the `memguard` marker.

    Raises `BadOption` or `BadAllowance` when one says something else than it can: a block runs once, so that its growth
    cannot be proved.

    >>> with watch() as watched:
    ...     _ = open("/dev/null").read()
    >>> [finding.kind for finding in watched.findings]
    ['file']
    """
    allowances = read_allowances(options.pop("allow", ()))
    settings = read_settings(options)
    if settings.level == "heap" or options.keys() & {"growth", "repeats"}:
        cure = "a watched block runs once; mark the test: @pytest.mark.memguard(growth=..., repeats=...)"
        raise BadOption(f"growth is proved by running again, and {cure}")
    borrowed = bool(_running)
    guard = _running[-1] if borrowed else Guard(settings)
    if not borrowed:
        use(guard)
    watched = Watch()
    try:
        guard.begin(Owner(name, "block"), settings)
        done = False
        try:
            with measured(settings.peak) as peak:
                yield watched
            done = True
        finally:
            watched.findings = guard.end(judge=done)
            if done and settings.peak and peak[0] > settings.peak:
                watched.findings.append(judge_peak(peak[0], settings.peak, Owner(name, "block", ended=True)))
            watched.allowed = _allowed(watched.findings, settings, allowances)
            watched._over = True
    finally:
        if not borrowed:
            release(guard)
