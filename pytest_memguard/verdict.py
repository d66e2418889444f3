"""The judgement: leaking, not leaking or unknown, each with its reason."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from . import kinds
from .allocations import Line
from .frames import Origin, Positions
from .growth import Growth, Unproved
from .ledger import Drop
from .origins import Acquisition, Owner, Place, place_of, relative
from .probes.probe import Sight

GROWTH = "heap growth"


class Verdict(Enum):
    """What we know about something that a test left."""

    LEAKING = "leaking"
    NOT_LEAKING = "not leaking"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was left behind, with the judgement about it."""

    verdict: Verdict
    reason: str
    """Why the verdict is what it is; for an unknown one, what would settle it."""
    kind: str
    what: str
    how: str
    """How it was left: "still open", "closed only by the garbage collector"."""
    acquired: Acquisition | None
    owner: Owner
    held_by: str = ""
    """The chain of references that keeps it alive, when one was found."""
    now_at: str = ""
    """Where a thread or a task stands now."""
    subject: bool = True
    advisory: bool = False
    """Whether its kind is only reported: nothing fails for it."""
    place: str = ""
    """What keeps it, by the code that made that: the same for the same leak through another name."""
    size: int | None = None
    """Of growth, in bytes a run, when it was weighed."""
    thread: int = 0
    """Of a thread that still runs, its identity: what it acquires goes when it ends."""
    lines: tuple[Line, ...] = ()
    """The lines that allocate what stays, when they were asked for."""
    undo: Callable[[], object] | None = field(default=None, compare=False, repr=False)
    """What puts process state back, so that the next test is judged by itself."""

    @property
    def fingerprint(self) -> str:
        """The same for the same leak in every test and every run: its kind and the function that acquires it.

        Of what a library let go by itself, that is the library's function.
        """
        line = self.acquired.project_line() if self.acquired else None
        if self.acquired and self.verdict is Verdict.UNKNOWN and self.acquired.acquirer() is Place.LIBRARY:
            line = self.acquired.lines()[0]
        place = f"{_portable(line.file)}:{line.function}" if line else self.place or self.held_by or _stable(self.what)
        text = f"{self.kind}|{place}"
        import hashlib  # loads OpenSSL: not in a run that finds nothing

        return hashlib.sha256(text.encode()).hexdigest()[:8]


def _portable(file: str) -> str:
    """A path that is the same on another machine: of what is installed, from the folder of packages on."""
    path = relative(file)
    return path.rpartition("-packages/")[2] if place_of(file) is Place.LIBRARY else path


def _stable(what: str) -> str:
    """A thing's name without what differs from run to run: temporary folders, numbers, addresses."""
    return re.sub(r"0x[0-9a-f]+|\d+", "#", re.sub(_TEMPORARY, "", what))


_TEMPORARY = re.escape(os.path.realpath(tempfile.gettempdir())) + r"/(\S*/)?"
"""A temporary folder with the folders in it: a worker of xdist has one more of them."""


def judge_sight(sight: Sight, owner: Owner) -> Finding:
    """Judge something that is still there after its owner's tear-down."""
    how = kinds.find(sight.kind).how
    verdict, reason = _open(sight.acquired, how)
    if sight.acquired is None and kinds.find(sight.kind).group in (kinds.STATE, kinds.ADVICE):
        verdict, reason = Verdict.LEAKING, f"changed between beginning and end of {owner}; nothing tells by which line"
    thread = sight.object.ident or 0 if isinstance(sight.object, threading.Thread) else 0
    found = Finding(verdict, reason, sight.kind, sight.what, how, sight.acquired, owner, subject=sight.subject)
    return replace(found, thread=thread)


def judge_kept(finding: Finding, held_by: str) -> Finding:
    """Judge again what a library made on its own (in a task or a thread of its own), once the project keeps it."""
    if not held_by:
        return finding
    reason = f"a library made it, the project keeps it, {finding.how} after the tear-down of {finding.owner}"
    return replace(finding, verdict=Verdict.LEAKING, reason=reason, held_by=held_by)


def judge_line(finding: Finding, where: Positions) -> Finding:
    """Say by which line something was changed that tells nobody, when the code within reach has only one."""
    if not where:
        return finding
    reason = f"changed between beginning and end of {finding.owner}; of the code that it reaches only this line does so"
    return replace(finding, reason=reason, acquired=Acquisition(finding.kind, "", Origin(where), finding.owner))


def judge_opened(finding: Finding, acquired: Acquisition) -> Finding:
    """Judge again what nothing told of, once a traced run has shown the line that opens it."""
    verdict, reason = _open(acquired, finding.how)
    return replace(finding, verdict=verdict, reason=reason, acquired=acquired)


def judge_drop(drop: Drop) -> Finding:
    """Judge something that ended without anybody ending it."""
    acquired = drop.acquired
    verdict, reason = _open(acquired, drop.how)
    if verdict is Verdict.LEAKING and drop.expected:
        verdict, reason = Verdict.NOT_LEAKING, "warnings were being recorded: the test drops it on purpose"
    if verdict is Verdict.LEAKING and acquired.acquirer() is not Place.PROJECT:
        verdict, reason = Verdict.UNKNOWN, "an installed library made it and let it go; the project did not ask for it"
    return Finding(verdict, reason, acquired.kind, drop.what, drop.how, acquired, acquired.owner)


INNOCENT = (
    ("anyio/_backends/_asyncio.py", "_call_in_runner_task", "anyio's test runner ends it with its loop"),
    (
        "anyio/_backends/_asyncio.py",
        "setup_process_pool_exit_at_shutdown",
        "it waits for its loop's end on purpose: that is when it stops anyio's processes",
    ),
    ("multiprocessing/heap.py", "", "multiprocessing keeps its arenas of shared memory for the next value"),
    ("trio/_core/_thread_cache.py", "", "trio keeps idle threads for ten seconds, for whoever needs one next"),
    ("multiprocessing/resource_tracker.py", "", "multiprocessing keeps its tracker for the process's life"),
    ("multiprocessing/forkserver.py", "", "multiprocessing keeps its fork server for the process's life"),
    ("asyncio/unix_events.py", "_do_waitpid", "asyncio's child watcher ends with the child"),
)
"""What well-known code keeps on purpose: the end of a file's path, a function (or any), and why."""


def _innocence(acquired: Acquisition) -> str:
    frames = acquired.frames()
    return next(
        (
            why
            for file, function, why in INNOCENT
            if any(frame.file.endswith(file) and function in ("", frame.function) for frame in frames)
        ),
        "",
    )


def _open(acquired: Acquisition | None, how: str) -> tuple[Verdict, str]:
    if acquired is None:
        return Verdict.UNKNOWN, "nothing told who acquired it; --memguard-level=explain looks for the line"
    why = _innocence(acquired)
    if why:
        return Verdict.NOT_LEAKING, why
    place = acquired.acquirer()
    if place is Place.HARNESS:
        return Verdict.NOT_LEAKING, "the test harness keeps it for itself"
    if acquired.during_import():
        return Verdict.NOT_LEAKING, "a module acquired it while it was imported, and keeps it"
    if acquired.project_line() is None:
        return Verdict.UNKNOWN, "no line of the project is on the way to it"
    return Verdict.LEAKING, f"acquired for {acquired.owner}, {how} after its tear-down"


COMPOSITES = (
    "executor",
    "event loop",
    "process",
    "zombie process",
    "sqlite connection",
    "database connection",
    "pooled connection",
    "HTTP response",
    "temporary file",
    "temporary folder",
)
"""What stands on other things (threads, descriptors) that go with it."""


def fold(findings: Iterable[Finding]) -> list[Finding]:
    """Have things of one acquiring line stand together: what a composite stands on is no subject of its own.

    Nor is what a thread acquired that was left running: it is that thread's, and who stops the thread ends it.
    """
    findings = list(findings)
    left = {(each.thread, each.owner, each.verdict) for each in findings if each.thread and each.subject}
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        line = finding.acquired.project_line() if finding.acquired else None
        groups.setdefault((line, finding.owner, finding.verdict) if line else id(finding), []).append(finding)
    folded: list[Finding] = []
    for group in groups.values():
        group = [replace(each, subject=each.subject and not _is_of_a_thread(each, left)) for each in group]
        lead = any(finding.kind in COMPOSITES and finding.subject for finding in group)
        parts = [replace(each, subject=each.subject and (not lead or each.kind in COMPOSITES)) for each in group]
        folded += sorted(parts, key=lambda finding: not finding.subject)
    return folded


def _is_of_a_thread(finding: Finding, left: set[tuple[int, Owner, Verdict]]) -> bool:
    acquired = finding.acquired
    return acquired is not None and (acquired.thread, finding.owner, finding.verdict) in left


def judge_peak(peak: int, limit: int, owner: Owner) -> Finding:
    """Judge a call that needed more memory than it may."""
    what = f"of {peak / 1024**2:.1f} MB, {limit / 1024**2:.1f} MB allowed"
    return Finding(Verdict.LEAKING, "above its limit", "heap peak", what, "above its limit", None, owner)


def judge_growth(growth: Growth, owner: Owner) -> Finding:
    """Judge a heap that grew by the same amount in every repetition."""
    verdict, reason = Verdict.LEAKING, f"grew in each of {growth.runs} runs by the same amount"
    if not growth.held_by:
        verdict, reason = Verdict.UNKNOWN, f"{reason}, but nothing outside the test harness was found to keep it"
    size = f", {growth.size} bytes" if growth.size is not None else ""
    what = f"of {growth.objects} objects and {growth.blocks} blocks{size} a run ({growth.kinds})"
    found = Finding(verdict, reason, GROWTH, what, "in every run", None, owner, growth.held_by)
    place = growth.place or "nothing outside the test harness"
    return replace(found, place=place, size=growth.size, lines=growth.lines)


def judge_native(size: int, runs: int, owner: Owner) -> Finding:
    """Judge memory outside Python that grew by the same amount in every repetition."""
    what = f"of {size / 1024:.0f} kB a run, outside Python's own count"
    reason = f"grew in each of {runs} runs by the same amount"
    return Finding(Verdict.LEAKING, reason, "native growth", what, "in every run", None, owner, size=size)


def judge_unproved(growth: Unproved, owner: Owner) -> Finding:
    """Judge growth that could be neither proved nor dismissed: it is said, and nothing fails for it."""
    found = Finding(Verdict.UNKNOWN, growth.reason, GROWTH, growth.what, "in every run", None, owner)
    return replace(found, place=growth.what, advisory=True)
