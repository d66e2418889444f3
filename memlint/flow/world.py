"""What a function is followed in: its file, the catalogue, and what other functions do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from memlint.catalogue.model import Catalogue
from memlint.flow.callees import Callee, callee_of
from memlint.flow.raising import RaiseLevel
from memlint.flow.summaries import Summary
from memlint.source.names import FunctionNode, ModuleNames
from memlint.source.text import Source


@dataclass(frozen=True)
class World:
    """All that is known outside the function: its module, the catalogue, other functions."""

    source: Source
    names: ModuleNames
    catalogue: Catalogue
    summary: Callable[[tuple[str, ...]], Summary | None]
    """The summary of a function of the project by its candidate qualified names."""
    computed: Callable[[str], Summary | None]
    """The summary of a property of a class of the project by its qualified name."""
    field_types: Callable[[str, str], tuple[str, ...]]
    """The classes of a field of a class, when every method that sets it shows the same maker."""
    harmless: Callable[[FunctionNode], bool]
    """Whether nothing that a function of this file does itself may raise."""
    level: RaiseLevel = RaiseLevel.DEFAULT
    strict: bool = False
    """An unknown callee borrows instead of taking over."""
    _callees: dict[tuple[str, ...], Callee] = field(default_factory=dict)

    def callee(self, names: tuple[str, ...], word: str) -> Callee:
        """What the catalogue says of a callee with these names, the last word of which is ``word``."""
        known = self._callees.get(names)
        if known is None:
            known = self._callees[names] = callee_of(self.catalogue, names, word)
        return known
