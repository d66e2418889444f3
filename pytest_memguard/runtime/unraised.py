"""Errors of callbacks that have no caller to be raised to: an eviction's, a garbage-collected owner's."""

from __future__ import annotations

import sys


class _Report:
    """What `sys.unraisablehook` expects, made by hand: its own type cannot be constructed."""

    def __init__(self, error: BaseException, doing: str, subject: object) -> None:
        self.exc_type = type(error)
        self.exc_value = error
        self.exc_traceback = error.__traceback__
        self.err_msg = f"Exception ignored {doing}"
        self.object = subject


def report(error: BaseException, doing: str, subject: object) -> None:
    """Give the error to `sys.unraisablehook`: printed in production, a failure in a test run.

    `doing` completes "Exception ignored ..."; `subject` is the callable or object that failed.
    """
    sys.unraisablehook(_Report(error, doing, subject))  # type: ignore[arg-type]
