"""What the analysis of one file asks about the other files of its project."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Protocol

from memlint.flow.summaries import Summary
from memlint.source.calls import Calls
from memlint.source.names import ModuleNames


class Analyser(Protocol):
    """The analyser of another file, as far as it is asked."""

    names: ModuleNames


class Elsewhere(Protocol):
    """What is known of the other files of a project."""

    def knows(self, qualified: str) -> bool:
        """Whether a name belongs to the project."""
        ...

    def may_give(self, qualified: str) -> bool:
        """Whether a function or class could acquire something; cheap, and not always right."""
        ...

    def summary(self, qualified: str) -> Summary | None:
        """What a function, method or constructor does."""
        ...

    def class_of(self, qualified: str) -> tuple[Analyser, ast.ClassDef] | None:
        """A class, and the analyser of the file that defines it."""
        ...


def giving_calls(elsewhere: Elsewhere, names: ModuleNames, calls: Calls) -> list[int]:
    """The lines of a file that call an imported function of the project that may give something."""
    words = set()
    for name, candidates in names.imports.items():
        if any(elsewhere.may_give(each) for each in candidates):
            words.add(name.encode())
        elif elsewhere.knows(candidates[0]):
            words.update(_giving_members(elsewhere, candidates[0], calls.members(name.encode())))
    return calls.lines(words)


def _giving_members(elsewhere: Elsewhere, module: str, called: set[bytes]) -> Iterator[bytes]:
    """The functions that are called through an imported module and may give something."""
    for path in called:
        if elsewhere.may_give(f"{module}{path.decode()}"):
            yield path.rpartition(b".")[2]


def inherited(elsewhere: Elsewhere | None, qualified: str) -> list[tuple[ModuleNames, ast.ClassDef]] | None:
    """The classes of other files that a class inherits through a name; None when one is out of sight."""
    found: list[tuple[ModuleNames, ast.ClassDef]] = []
    waiting, seen = [qualified], {qualified}
    while waiting:
        name = waiting.pop()
        if elsewhere is None or not elsewhere.knows(name):
            continue
        known = elsewhere.class_of(name)
        if known is None:
            return None
        analyser, node = known
        found.append((analyser.names, node))
        for base in node.bases:
            candidates = analyser.names.qualified(base)
            if not candidates:
                return None
            waiting += [each for each in candidates if each not in seen]
            seen.update(candidates)
    return found
