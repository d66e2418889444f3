"""Places in notebooks: the path of a cell, and the way back to its file."""

from __future__ import annotations

import re

SUFFIX = ".ipynb"
_CELL_OF = re.compile(rf"(?P<file>.*{re.escape(SUFFIX)}):cell (?P<number>\d+)", re.DOTALL)


def cell_of(path: str) -> tuple[str, int]:
    """The file of a place and the number of the cell in it, 0 where it is no notebook's."""
    match = _CELL_OF.fullmatch(path)
    return (match["file"], int(match["number"])) if match else (path, 0)
