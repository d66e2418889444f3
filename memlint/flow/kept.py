"""The analysers of other files that are kept between one question and the next: a tree is large."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from memlint.flow.analysis import FileAnalyser

KEPT = 1_000_000
"""Bytes of source whose trees are kept at a time; a tree takes some eighty times the room of its source."""


@dataclass
class Kept:
    """The analysers of the modules that were asked for last, of all projects together."""

    most: int = KEPT
    """Bytes of source that they may have together."""
    _held: OrderedDict[tuple[str, str], FileAnalyser | None] = field(default_factory=OrderedDict)
    _size: int = 0
    _retired: list[FileAnalyser] = field(default_factory=list)

    def get(self, module: tuple[str, str], make: Callable[[], FileAnalyser | None]) -> FileAnalyser | None:
        """The analyser of a module (its name and path), made when it is not here."""
        if module in self._held:
            self._held.move_to_end(module)
            return self._held[module]
        made = self._held[module] = make()
        self._size += _size(made)
        while self._size > self.most and len(self._held) > 1:
            _, oldest = self._held.popitem(last=False)
            self._size -= _size(oldest)
            if oldest is not None:
                self._retired.append(oldest)
        return made

    def let_go(self) -> None:
        """Free what was pushed out; only for whoever knows that nobody is at work with any of it."""
        for analyser in self._retired:
            analyser.close()
        self._retired.clear()


def _size(analyser: FileAnalyser | None) -> int:
    return 0 if analyser is None else len(analyser.source.text)
