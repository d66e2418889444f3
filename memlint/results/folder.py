"""The folder of a cache: made so that nobody commits or backs it up, and kept small."""

from __future__ import annotations

import os
from collections.abc import Iterator

KEPT_DAYS = 30
"""Days after which what nobody used is forgotten."""
LARGEST = 200 << 20
"""Bytes that a folder may hold; beyond them the files that were used longest ago go first."""

_DAY = 86400
_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache of memlint and can be deleted; see https://bford.info/cachedir/ for what this file is.
"""


def make(folder: str) -> None:
    """Make a cache's folder, unless it is there.

    Raises:
        OSError: it cannot be made.
    """
    os.makedirs(folder, exist_ok=True)
    for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
        try:
            with open(os.path.join(folder, name), "x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            continue


def touch(path: str, now: float) -> None:
    """Say that a file is in use, at most once a day."""
    try:
        if os.stat(path).st_mtime < now - _DAY:
            os.utime(path, (now, now))
    except OSError:
        return  # not ours to touch, or gone: it is only forgotten a little sooner


def tidy(folder: str, now: float, largest: int = LARGEST) -> None:
    """Delete what was not used for long, and more when the folder is still too large."""
    files = sorted(_files(folder), key=lambda file: -file[1])
    size = 0
    for path, used, bytes_ in files:
        size += bytes_
        old = used < now - (_DAY if path.endswith(".new") else KEPT_DAYS * _DAY)
        if old or size > largest:
            try:
                os.unlink(path)
            except OSError:
                continue  # another run was quicker


def _files(folder: str) -> Iterator[tuple[str, float, int]]:
    for inside, _, names in os.walk(folder):
        for name in names:
            if name.endswith((".json", ".new")):
                path = os.path.join(inside, name)
                try:
                    status = os.stat(path)
                except OSError:
                    continue  # another run was quicker
                yield path, status.st_mtime, status.st_size
