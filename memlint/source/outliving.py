"""Whether what a ``with`` enters seems to be used when its block has ended, told from the text around it."""

from __future__ import annotations

import re
from functools import lru_cache

_NAMED = re.compile(rb"\bas[ \t]+(\w+)[ \t]*:[ \t]*(?:#|$)", re.MULTILINE)


def outlives(data: bytes, start: int, inside: int) -> bool:
    """Whether the ``with`` at ``start`` is worth following for what becomes of the name that it binds.

    The name is returned or stored in a field from inside the block, or it is read behind the block before it is bound
    again.  What this says is only that it may be so.
    """
    end_of_line = data.find(b"\n", inside)
    named = _NAMED.search(data, inside, end_of_line if end_of_line >= 0 else len(data))
    if named is None:
        return False
    depth = start - (data.rfind(b"\n", 0, start) + 1)
    behind = _shallower(depth + 1).search(data, named.end())
    block_end = behind.start() if behind is not None else len(data)
    name = named.group(1)
    if any(leaving.search(data, named.end(), block_end) for leaving in _leaving(name)):
        return True
    around = _shallower(depth).search(data, block_end) if depth else None
    return _read_on(name, data[block_end : around.start() if around is not None else block_end])


def _read_on(name: bytes, text: bytes) -> bool:
    """Whether the first thing that happens to a name in ``text`` is that it is read from."""
    if name not in text:
        return False
    found = _first(name).search(text)
    return found is not None and found.group(1) is None


@lru_cache(maxsize=64)
def _shallower(depth: int) -> re.Pattern[bytes]:
    """The start of the first line that stands less deep than ``depth`` columns."""
    return re.compile(rb"^(?=[ \t]{0,%d}[^\s#])" % (depth - 1), re.MULTILINE)


@lru_cache(maxsize=256)
def _leaving(name: bytes) -> tuple[re.Pattern[bytes], ...]:
    """How a name is handed out of its block: by itself, in a reader or an expression over it, in a field."""
    word = rb"(?<![\w.])" + re.escape(name) + rb"(?![\w.])"
    itself = rb"^[ \t]*return\b[^\n.(]*" + word + rb"[ \t]*(?:[,)#]|$)"
    reader = rb"^[ \t]*return\b[^\n]*\b(?:in|[rR]eader|map|filter|zip|iter|enumerate)\b[ (][^\n]*" + word
    stored = rb"^[ \t]*\w+(?:\.\w+)+[ \t]*=[ \t]*" + word + rb"[ \t]*(?:#|$)"
    return tuple(re.compile(each, re.MULTILINE) for each in (itself, reader, stored))


@lru_cache(maxsize=256)
def _first(name: bytes) -> re.Pattern[bytes]:
    """The first place where a name is bound (the group) or read from."""
    word = re.escape(name)
    bound = rb"(\b(?:as|for)[ \t]+%b\b|(?<![\w.])%b[ \t]*=[^=])" % (word, word)
    return re.compile(bound + rb"|(?<![\w.])%b\.\w+\(|\bin[ \t]+%b[ \t]*:" % (word, word))
