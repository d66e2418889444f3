"""The program on standard input."""

from __future__ import annotations

import sys

from memlint.engine.files import STDIN
from memlint.settings import Settings, globs
from memlint.values import dataclass


@dataclass(slots=True)
class Program:
    """A program, and what it is called."""

    name: str
    text: bytes


def read_program(settings: Settings, name: str | None) -> Program | None:
    """Read the program from standard input, unless its name is excluded by force."""
    if name is not None and settings.force_exclude:
        patterns = settings.exclude + settings.extend_exclude
        if any(globs.names(pattern, name, settings.root) for pattern in patterns):
            return None
    return Program(name or STDIN, sys.stdin.buffer.read())
