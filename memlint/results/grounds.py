"""How grounds are told: the content of a file in one word, and which folders around a file are packages."""

from __future__ import annotations

import os
from collections.abc import Iterator

from memlint.results.result import Fact

_MARKS = ("__init__.py", "__init__.pyi")


def digest_of(data: bytes) -> str:
    """What tells one content of a file from another."""
    from hashlib import blake2b  # late: it loads a large library, which a run that reads nothing does not need

    return blake2b(data, digest_size=16).hexdigest()


def packages_around(root: str, path: str) -> Iterator[Fact]:
    """What makes each folder from ``root`` down to that of ``path`` a package, or not."""
    *folders, _ = path.split("/")
    for depth in range(len(folders) + 1):
        for mark in _MARKS:
            place = "/".join((*folders[:depth], mark))
            found = os.path.isfile(os.path.join(root, *place.split("/")))
            yield place, "" if found else None
            if found:
                break
