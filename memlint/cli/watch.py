"""``memlint check --watch``: check again whenever a file or a setting changes."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memlint.cli.configuration import settings_for
from memlint.cli.console import ExitCode, say
from memlint.engine import find_files
from memlint.settings import Settings, SettingsError
from memlint.trouble import Trouble

if TYPE_CHECKING:
    from memlint.rules import Rule

PAUSE = 0.5
"""Seconds between two looks."""

Snapshot = dict[str, tuple[int, int]]


def watch(
    arguments: argparse.Namespace,
    rules: Sequence[Rule] | None,
    check: Callable[[], object],
    sleep: Callable[[float], None] = time.sleep,
) -> ExitCode:
    """Run ``check`` now and after each change, until Ctrl-C."""
    seen: Snapshot | None = None
    try:
        while True:
            now = _snapshot(arguments, rules)
            if now != seen:
                seen = now
                if sys.stdout.isatty():
                    print("\x1b[2J\x1b[H", end="")
                try:
                    check()
                except Trouble as error:
                    say(str(error))  # the next change may mend it
                sys.stdout.flush()
                say("waiting for changes; Ctrl-C ends")
            sleep(PAUSE)
    except KeyboardInterrupt:
        return ExitCode.CLEAN


def _snapshot(arguments: argparse.Namespace, rules: Sequence[Rule] | None) -> Snapshot:
    """The state of every file that the result depends on."""
    paths = arguments.paths or ["."]
    try:
        settings = settings_for(arguments, paths, rules)
    except SettingsError:
        settings = Settings()
    files = find_files(paths, settings).files
    found: Snapshot = {}
    for path in (*files, *_configurations(arguments.config, paths)):
        try:
            status = os.stat(path)
        except OSError:
            continue  # gone between two looks
        found[path] = (status.st_mtime_ns, status.st_size)
    return found


def _configurations(named: str | None, paths: Iterable[str]) -> Iterator[str]:
    """Where a configuration stands or might appear."""
    if named is not None:
        yield named
        return
    for path in paths:
        full = Path(os.path.abspath(path))
        yield from (str(folder / "pyproject.toml") for folder in (full, *full.parents))
