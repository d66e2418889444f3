"""The same work in several processes, any of which may die of a file."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from memlint.engine.checker import Checker
from memlint.engine.collector import collecting_between
from memlint.reports.model import Failure
from memlint.results.result import FileResult


def by_processes(checker: Checker, files: Sequence[str], jobs: int) -> Iterator[FileResult]:
    """The results of ``files`` in no order, from ``jobs`` processes."""
    left = dict.fromkeys(files)
    try:
        for result in _shared(checker, _shares(files, jobs), jobs):
            del left[result.path]
            yield result
    except BrokenProcessPool:
        yield from _one_by_one(checker, tuple(left))


def _shares(files: Sequence[str], jobs: int) -> list[Sequence[str]]:
    """Shares small enough that no process is left with the last word for long."""
    size = max(1, min(50, len(files) // (jobs * 8)))
    return [files[start : start + size] for start in range(0, len(files), size)]


def _shared(checker: Checker, shares: Sequence[Sequence[str]], jobs: int) -> Iterator[FileResult]:
    with ProcessPoolExecutor(jobs, _processes(), _begin, (checker,)) as pool:
        try:
            for future in as_completed([pool.submit(_check_share, share) for share in shares]):
                yield from future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one_by_one(checker: Checker, files: Sequence[str]) -> Iterator[FileResult]:
    """Check each file in a process that may die of it, after one has died of an unknown file."""
    waiting = list(files)
    while waiting:
        try:
            yield from _shared(checker, [[waiting[0]]], 1)
        except BrokenProcessPool:
            reason = "internal error: the process that checked it died"
            yield FileResult(waiting[0], failure=Failure(waiting[0], reason, True))
        del waiting[0]


def _processes() -> multiprocessing.context.BaseContext:
    """Forking is quick and safe while there is one thread; elsewhere a fresh interpreter is the rule."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


_checker: Checker | None = None


def _begin(checker: Checker) -> None:
    global _checker
    _checker = checker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_end_with_parent, name="memlint parent", daemon=True).start()


def _end_with_parent() -> None:
    """Leave when the parent is gone, however it went: nobody else would end this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check_share(files: Sequence[str]) -> list[FileResult]:
    assert _checker is not None
    return list(collecting_between(_checker.check_file, files))
