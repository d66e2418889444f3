"""The pattern over a catalogue's acquiring names, by which a file that acquires nothing is told from its bytes."""

from __future__ import annotations

from memlint.catalogue.model import Acquire, Catalogue, Context
from memlint.source.prefilter import Prefilter

_PREFILTERS: dict[str, Prefilter] = {}


def prefilter(catalogue: Catalogue) -> Prefilter:
    """The pattern over a catalogue's acquiring names, compiled once."""
    known = _PREFILTERS.get(catalogue.version)
    if known is None:
        blocks = [name for name, entries in catalogue.acquires.items() if all(_by_block(catalogue, e) for e in entries)]
        methods = {
            name: [receiver for entry in entries for receiver in entry.receivers]
            for name, entries in catalogue.methods.items()
        }
        known = Prefilter(catalogue.acquires, methods, catalogue.aliases, blocks)
        _PREFILTERS[catalogue.version] = known
    return known


def _by_block(catalogue: Catalogue, entry: Acquire) -> bool:
    """Whether a block that enters the result at once releases it: such a call needs no look."""
    kind = catalogue.kinds[entry.kind]
    plain = entry.positions is None and not entry.every and not entry.wraps and not entry.receiver
    return plain and kind.context is Context.RELEASES
