"""Which files a run looks at: those named, and the Python files under the folders named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memlint.reports.model import Failure
from memlint.settings import Settings, globs

SUFFIXES = (".py", ".pyi", ".ipynb")
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search found."""

    files: tuple[str, ...]
    """As the user would name them, sorted, each once."""
    failures: tuple[Failure, ...]
    """Paths that do not exist or cannot be looked into."""
    barren: tuple[str, ...]
    """Folders named by the user in which there is no Python file."""


def find_files(paths: Iterable[str], settings: Settings) -> Sought:
    """The files to check.  A folder is searched without following links to folders.

    Excluding patterns speak of names and folders below a folder that the user named; with
    ``force_exclude`` they speak of the named paths too.
    """
    found: dict[str, str] = {}
    failures: list[Failure] = []
    barren: list[str] = []
    patterns = settings.exclude + settings.extend_exclude
    for path in paths:
        if settings.force_exclude and _excluded(path, patterns, settings.root):
            continue
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            failures.append(Failure(path, _why(error)))
            continue
        if stat.S_ISDIR(mode):
            before = len(failures)
            inside = list(_walk(path, patterns, settings.root, failures))
            if not inside and len(failures) == before:
                barren.append(path)
            for name in inside:
                found.setdefault(os.path.abspath(name), name)
        elif stat.S_ISREG(mode):
            found.setdefault(os.path.abspath(path), os.path.normpath(path))
        else:
            failures.append(Failure(path, f"is {_sort(mode)}, not a file; pipe the program through `-` instead"))
    return Sought(tuple(sorted(found.values())), tuple(failures), tuple(barren))


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return "is no path: it holds a null byte"


def _sort(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


def _walk(top: str, patterns: tuple[str, ...], root: str, failures: list[Failure]) -> Iterator[str]:
    """Python files below ``top``; a link whose target is missing (as editors leave) is passed by."""

    def unreadable(error: OSError) -> None:
        failures.append(Failure(error.filename, _why(error)))

    for folder, subfolders, names in os.walk(top, onerror=unreadable):
        subfolders[:] = sorted(
            name for name in subfolders if not _excluded(os.path.join(folder, name), patterns, root, top)
        )
        for name in sorted(names):
            if not name.endswith(SUFFIXES):
                continue
            path = os.path.normpath(os.path.join(folder, name))
            if os.path.isfile(path) and not _excluded(path, patterns, root, top):
                yield path


def _excluded(path: str, patterns: tuple[str, ...], root: str, top: str | None = None) -> bool:
    """Whether a pattern names ``path``: by a name below ``top`` where given, or by its place below ``root``."""
    if top is None:
        return any(globs.names(pattern, path, root) for pattern in patterns)
    full = os.path.abspath(path)
    placed = globs.below(full, os.path.abspath(root or "."))
    named = globs.below(full, os.path.abspath(top))
    for pattern in patterns:
        place = placed if "/" in pattern.strip("/") else named
        if place is not None and globs.matches(pattern, place):
            return True
    return False
