"""Fixes one file: each change is analysed again, and dropped unless its finding is gone and no new one appears."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from memlint.engine.checker import Checker
from memlint.findings import Edit, Finding, Remedy, Span
from memlint.fixes.case import Case
from memlint.fixes.installed import check_installed
from memlint.fixes.pieces import newline_of
from memlint.fixes.places import Places
from memlint.fixes.proposal import NotForThis, Proposal, Refused
from memlint.fixes.table import FIXES, Fix
from memlint.flow.analysis import Analysis
from memlint.reports.fingerprint import statement_text
from memlint.settings import Settings
from memlint.source.decode import Unreadable, decode, encoding_of, parse, split_lines
from memlint.source.text import Source

MOST = 500
"""Changes that one file may be given in one run."""

Key: TypeAlias = tuple[str, str, str]
"""Code, symbol and statement of a finding: what stays while other lines change."""
Wanted: TypeAlias = Callable[[Key], bool]
"""Chooses findings."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A change that was made."""

    finding: Finding
    """As it was reported; its lines are those of the file at that moment."""
    fix: str
    title: str
    safe: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    """A change that was planned and not made."""

    finding: Finding
    fix: str
    reason: str
    """One clause: what the analysis of the changed file said, or why it could not be written."""


@dataclass(slots=True)
class FileFix:
    """What came of fixing one file."""

    path: str
    before: bytes
    after: bytes
    kept: list[Kept] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    unsafe: list[Finding] = field(default_factory=list)
    """Findings that only an unsafe fix would mend, when those were not asked for."""
    refused: list[Dropped] = field(default_factory=list)
    """Findings for which no fix of their rule applies, each with the reason of the last that was tried."""

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return self.before != self.after


def key_of(finding: Finding, lines: Sequence[str]) -> Key:
    """What a finding is known by while its file changes."""
    return finding.code, finding.symbol, statement_text(finding, lines)


class Fixer:
    """Fixes files with one set of settings.

    Raises ``NotInstalled`` at construction where libcst is missing.
    """

    def __init__(self, checker: Checker, *, unsafe: bool = False, unfixable: Sequence[str] = ()) -> None:
        check_installed()
        self._checker = checker
        self._unsafe = unsafe
        self._unfixable = tuple(unfixable)
        self._judge = _judge_of(checker)

    def fix(self, data: bytes, path: str, wanted: Wanted | None = None) -> FileFix:
        """Fix a program until nothing is left that could be fixed; ``wanted`` chooses findings.

        Raises:
            Unreadable: the program cannot be analysed.
        """
        done = FileFix(path, data, data)
        tried: set[tuple[Key, str]] = set()
        state = _State(self, decode(data), path)
        for _ in range(MOST):
            following = self._step(state, done, tried, wanted)
            if following is None:
                break
            state = following
        if done.kept:
            done.after = state.text.encode(encoding_of(data))
        return done

    def remedy(self, data: bytes, path: str, finding: Finding) -> Remedy | None:
        """The change for one finding as edits, unsafe ones included; None where there is none."""
        try:
            state = _State(self, decode(data), path)
        except Unreadable:
            return None
        if finding.code.startswith(self._unfixable):
            return None
        for fix, proposal in self._proposals(state, finding, FileFix(path, data, data)):
            try:
                changed = self._verified(state, finding, proposal)
            except Refused:
                continue
            return Remedy(fix.name, proposal.title, proposal.safe, tuple(_edits(state.text, changed.text)))
        return None

    def _step(
        self, state: _State, done: FileFix, tried: set[tuple[Key, str]], wanted: Wanted | None
    ) -> _State | None:  # fmt: skip
        """What is known after the next change that holds; None when there is none."""
        done.unsafe, done.refused = [], []
        for finding in state.findings:
            key = key_of(finding, state.source.lines)
            if finding.code not in FIXES or (wanted is not None and not wanted(key)):
                continue
            if finding.code.startswith(self._unfixable):
                continue
            for fix, proposal in self._proposals(state, finding, done):
                if (key, fix.name) in tried:
                    continue
                if not proposal.safe and not self._unsafe:
                    done.unsafe.append(finding)
                    break
                try:
                    changed = self._verified(state, finding, proposal)
                except Refused as reason:
                    tried.add((key, fix.name))
                    done.dropped.append(Dropped(finding, fix.name, str(reason)))
                    continue
                done.kept.append(Kept(finding, fix.name, proposal.title, proposal.safe))
                return changed
        return None

    def _proposals(self, state: _State, finding: Finding, done: FileFix) -> Iterator[tuple[Fix, Proposal]]:
        """What the rule's fixes propose, safe ones first."""
        case = Case(finding, state.analysis, self._checker.catalogue, state.places)
        found: list[tuple[Fix, Proposal]] = []
        reasons: list[tuple[bool, str, str]] = []
        for fix in FIXES.get(finding.code, ()):
            try:
                found.append((fix, fix.propose(case)))
            except Refused as reason:
                reasons.append((isinstance(reason, NotForThis), fix.name, str(reason)))
        if not found and reasons:
            _, name, words = min(reasons, key=lambda each: each[0])
            done.refused.append(Dropped(finding, name, words))
        yield from sorted(found, key=lambda each: not each[1].safe)

    def _verified(self, state: _State, finding: Finding, proposal: Proposal) -> _State:
        """What is known of the text with a change made, when its finding is gone and no new one appears.

        Raises:
            Refused: otherwise, saying what is wrong.
        """
        from memlint.fixes.rewrite import rewritten  # libcst is loaded only where code is rewritten

        changed = rewritten(state.places, proposal)
        if changed == state.text:
            raise Refused("it would change nothing")
        try:
            after = _State(self, changed, state.source.path)
            compile(after.source.tree, "<fixed>", "exec", dont_inherit=True)
        except Unreadable as error:
            raise Refused(f"line {error.line} would not be Python: {error.reason}") from error
        except (SyntaxError, ValueError) as error:
            raise Refused(f"it would not be Python: {error}") from error
        for kind, count in after.counted.items():
            if count > state.counted[kind]:
                raise Refused(f"{kind[0]} would appear in `{kind[1]}`")
        kind = (finding.code, finding.symbol)
        if after.counted[kind] >= state.counted[kind]:
            raise Refused("the finding would still be there")
        return after


class _State:
    """A text, and what is known of it."""

    def __init__(self, fixer: Fixer, text: str, path: str) -> None:
        self.text = text
        self.source: Source = parse(text, path)
        self.places = Places(self.source)
        self.analysis: Analysis = fixer._checker.analyse(self.source)
        judged = fixer._judge.judge(self.source, analysis=self.analysis)
        self.counted = Counter((finding.code, finding.symbol) for finding in judged.findings)
        """How often each rule speaks of each symbol, of the rules that a change is judged by."""
        self._fixer = fixer

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the user is told."""
        return self._fixer._checker.judge(self.source, analysis=self.analysis).findings


def _judge_of(checker: Checker) -> Checker:
    """Judges changes: by the rules of the run, and by those that are on by default, whatever the run leaves out."""
    settings: Settings = checker.settings
    chosen = tuple(rule.code for rule in checker.rules)
    nothing: tuple[str, ...] = ()
    wide = replace(
        settings, select=("MEM", *chosen), ignore=nothing, extend_select=nothing, extend_ignore=nothing,
        per_file_ignores=(),
    )  # fmt: skip
    judge = Checker(wide, checker.known, checker.catalogue)
    judge.sees_project = checker.sees_project
    return judge


def _edits(before: str, after: str) -> Iterator[Edit]:
    """The changed lines of a text, each stretch as one edit of whole lines."""
    old, new, newline = split_lines(before), split_lines(after), newline_of(before)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "equal":
            continue
        text = "".join(f"{line}{newline}" for line in new[first:last])
        yield Edit(Span(start + 1, 0, end + 1, 0), text)
