"""How heavy a value is: the default for caches bounded in bytes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Set

_LOOKED_AT = 10_000
"""Objects visited in one value before the rest of it is counted as nothing."""


def size_in_bytes(key: object, value: object) -> int:
    """Estimate the memory of a key and its value, in bytes.

    Buffers count what they expose; mappings, sequences, sets and instance attributes are followed, each object
    once and at most 10,000 of them.  Memory held by extension types is seen only if their `__sizeof__` tells.

    >>> size_in_bytes("k", bytearray(1000)) > 1000
    True
    """
    seen: set[int] = set()
    total = 0
    waiting: list[object] = [key, value]
    while waiting and len(seen) < _LOOKED_AT:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, memoryview):
            total += thing.nbytes
            continue
        total += sys.getsizeof(thing, 0)
        if isinstance(thing, str | bytes | bytearray | int | float | type):
            continue
        if isinstance(thing, Mapping):
            waiting.extend(thing.keys())
            waiting.extend(thing.values())
        elif isinstance(thing, list | tuple | Set):
            waiting.extend(thing)
        attributes = getattr(thing, "__dict__", None)
        if isinstance(attributes, dict):
            total += sys.getsizeof(attributes)
            waiting.extend(attributes.values())
    return total
