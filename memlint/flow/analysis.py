"""The door to the analysis: one file in, everything the rules read out."""

from __future__ import annotations

from dataclasses import dataclass

from memlint.catalogue.model import Catalogue
from memlint.source.text import Source


@dataclass(frozen=True)
class Skipped:
    """A function that was not judged, and why: said with ``--verbose``, never hidden."""

    symbol: str
    line: int
    reason: str


@dataclass(frozen=True)
class Analysis:
    """What is known of one file when its analysis has ended."""

    source: Source
    skipped: tuple[Skipped, ...] = ()


def analyse(source: Source, catalogue: Catalogue) -> Analysis:
    """Follow every resource that ``source`` acquires."""
    return Analysis(source)
