"""File patterns: ``*`` stays within a folder, ``**`` crosses folders, no slash means a name anywhere."""

from __future__ import annotations

import functools
import os
import re
import warnings
from collections.abc import Callable, Iterable


@functools.lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of one pattern, for paths that use ``/``."""
    parts = pattern.strip("/").split("/")
    out: list[str] = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            out.append(".*" if last else "(?:[^/]+/)*")
        else:
            out.append(_segment(part) + ("" if last else "/"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that `[a--b]` may once mean something else is no news to a user
        return re.compile("(?s:" + "".join(out) + r")\Z")


def _segment(part: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(part):
        char = part[at]
        at += 1
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[" and (end := part.find("]", at + 1)) != -1:
            body = "".join(f"\\{letter}" if letter in r"\[&~|" else letter for letter in part[at:end])
            out.append("[" + ("^" + body[1:] if body[0] in "!^" else body) + "]")
            at = end + 1
        else:
            out.append(re.escape(char))
    return "".join(out)


def matches(pattern: str, relative: str) -> bool:
    """Whether a pattern names the path ``relative`` (with ``/``), or a folder that holds it.

    A pattern without a slash is compared with each name on the way; one with a slash, with each leading
    part of the path.
    """
    expression = compiled(pattern)
    names = [name for name in relative.split("/") if name not in ("", ".")]
    if "/" not in pattern.strip("/"):
        return any(expression.match(name) for name in names)
    return any(expression.match("/".join(names[: size + 1])) for size in range(len(names)))


def any_name(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Tells whether one of some patterns without a slash names a file or folder by its last name."""
    every = [compiled(pattern).pattern for pattern in patterns]
    if not every:
        return lambda _name: False
    together = re.compile("|".join(every))
    return lambda name: together.match(name) is not None


def names(pattern: str, path: str, root: str) -> bool:
    """Whether a pattern names the file or folder ``path``, where ``root`` is the folder patterns start from.

    A path outside ``root`` can be named only by a pattern without a slash, through its last name.
    """
    full = os.path.abspath(path)
    inside = below(full, os.path.abspath(root or "."))
    if inside is None:
        return "/" not in pattern.strip("/") and matches(pattern, os.path.basename(full))
    return matches(pattern, inside)


def below(full: str, folder: str) -> str | None:
    """The path of ``full`` from ``folder``, with ``/``; None when it is not inside (both absolute)."""
    prefix = folder.rstrip(os.sep) + os.sep
    if full == folder:
        return ""
    return full.removeprefix(prefix).replace(os.sep, "/") if full.startswith(prefix) else None


def problem(pattern: str) -> str | None:
    """What is wrong with a pattern, or None."""
    if not pattern.strip("/"):
        return "is empty"
    try:
        compiled(pattern)
    except re.error as error:
        return f"is not a pattern ({error.msg})"
    return None
