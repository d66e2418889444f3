"""The files that were parsed last: a module is parsed once for its own sake and for those that call it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from memlint.source.decode import parse
from memlint.source.text import Source

KEPT = 400_000
"""Characters of source whose trees are kept; a tree takes some eighty times the room of its source."""


@dataclass
class Trees:
    """Parsed files by their text; nobody changes a tree."""

    most: int = KEPT
    _held: OrderedDict[str, Source] = field(default_factory=OrderedDict)
    _size: int = 0

    def parse(self, text: str, path: str) -> Source:
        """What :func:`memlint.source.decode.parse` gives.

        Raises:
            Unreadable: as that does.
        """
        known = self._held.get(text)
        if known is None:
            known = self._held[text] = parse(text, path)
            self._size += len(text)
            while self._size > self.most and len(self._held) > 1:
                oldest, _ = self._held.popitem(last=False)
                self._size -= len(oldest)
        else:
            self._held.move_to_end(text)
        return known if known.path == path else replace(known, path=path)
