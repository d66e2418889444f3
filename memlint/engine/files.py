"""Which files a run looks at: those named, and the Python files under the folders named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from memlint.reports.model import Failure
from memlint.settings import Settings, globs
from memlint.values import dataclass

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
            full, start = os.path.join(os.path.abspath(path), ""), len(_start(os.path.normpath(path)))
            for name in inside:
                found.setdefault(full + name[start:], name)
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
    """Python files below ``top``, in no order; a link whose target is missing (as editors leave) is passed by."""
    unnamed = globs.any_name(pattern for pattern in patterns if "/" not in pattern.strip("/"))
    placed = tuple(pattern for pattern in patterns if "/" in pattern.strip("/"))
    waiting = [os.path.normpath(top)]
    while waiting:
        folder = waiting.pop()
        start = _start(folder)
        try:
            entries = os.scandir(folder)
        except OSError as error:
            failures.append(Failure(error.filename, _why(error)))
            continue
        with entries:
            for entry in entries:
                name = entry.name
                inside = _is_folder(entry)
                if not (inside or name.endswith(SUFFIXES)) or unnamed(name):
                    continue
                path = start + name
                if placed and _excluded(path, placed, root):
                    continue
                if inside and not entry.is_symlink():
                    waiting.append(path)
                elif not inside and _is_file(entry):
                    yield path


def _start(folder: str) -> str:
    """How the names of what is in a folder begin."""
    return "" if folder == os.curdir else os.path.join(folder, "")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # as above
        return False


def _excluded(path: str, patterns: tuple[str, ...], root: str) -> bool:
    """Whether a pattern names ``path``, by a name of it or by its place below ``root``."""
    return any(globs.names(pattern, path, root) for pattern in patterns)
