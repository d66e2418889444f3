"""Puts new bytes in the place of a file, all or nothing."""

from __future__ import annotations

import os
import tempfile


def replace_file(path: str, before: bytes, after: bytes) -> None:
    """Write ``after`` where ``before`` stood: to a new file beside it, which takes its place and its mode.

    Raises:
        OSError: it cannot be written; the file is as it was.
        ValueError: somebody else has changed it since it was read.
    """
    target = os.path.realpath(path)
    if not os.access(target, os.W_OK):
        raise PermissionError(13, "Permission denied", target)
    folder, name = os.path.split(target)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".memlint", dir=folder)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(after)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, os.stat(target).st_mode & 0o7777)
        with open(target, "rb") as stream:
            if stream.read() != before:
                raise ValueError("it was changed while it was being fixed; run again")
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
