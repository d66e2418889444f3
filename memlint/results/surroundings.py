"""What every result of a run rests on: memlint itself, this Python, the settings and the plugins."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

from memlint import __version__
from memlint.results import plain
from memlint.settings import Settings

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ASIDE = frozenset(
    {
        "root", "origin", "exclude", "extend_exclude", "force_exclude", "output_format", "jobs", "baseline", "cache",
        "cache_dir", "shared_cache", "fix", "unsafe_fixes", "unfixable", "show_fixes",
    }
)  # fmt: skip
"""Settings that say which files are looked at and how findings are printed, not what is found in a file."""


def python() -> str:
    """The Python whose parser and grammar count."""
    return f"{sys.implementation.cache_tag} {'.'.join(map(str, sys.version_info[:3]))}"


def asked(settings: Settings) -> dict[str, object]:
    """The settings that decide what is found in a file."""
    return {name: getattr(settings, name) for name in Settings.__slots__ if name not in _ASIDE}


def local(settings: Settings, base: str) -> str:
    """All of it in words, for this machine: files of memlint by size and time, paths from the folder ``base``.

    Plugins are apart, see ``plugins``.
    """
    root = os.path.relpath(os.path.abspath(settings.root), base) if settings.per_file_ignores else ""
    stamps = [(path, status.st_size, status.st_mtime_ns) for path, status in _own_files(_PACKAGE)]
    return json.dumps([plain.VERSION, __version__, _PACKAGE, stamps, python(), root, asked(settings)], default=str)


def anywhere() -> str:
    """memlint and Python in words that are the same on every machine: files of memlint by content."""
    from memlint.results.grounds import digest_of

    contents = []
    for path, _ in _own_files(_PACKAGE):
        with open(os.path.join(_PACKAGE, path), "rb") as stream:
            contents.append((path.replace(os.sep, "/"), digest_of(stream.read())))
    return json.dumps([plain.VERSION, __version__, sorted(contents), python()])


def everywhere(settings: Settings) -> str:
    """One word for memlint, Python and settings that is the same on every machine that has the same ones."""
    from memlint.results.grounds import digest_of

    return digest_of(json.dumps([anywhere(), asked(settings), plugins(settings)], default=str).encode())


def _own_files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """The files that memlint is made of, from its folder."""
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        with os.scandir(os.path.join(folder, inside)) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                path = os.path.join(inside, entry.name)
                if entry.is_dir():
                    if entry.name not in ("__pycache__", "_pages"):
                        waiting.append(path)
                elif entry.name.endswith((".py", ".toml", ".json")):
                    yield path, entry.stat()


def distributions() -> list[list[object]]:
    """What is installed, by the folders of its metadata: as long as they are the same, so are the plugins' names."""
    found: list[list[object]] = []
    for folder in sys.path:
        try:
            with os.scandir(folder or os.curdir) as entries:
                found += [
                    [folder, entry.name, entry.stat().st_mtime_ns]
                    for entry in sorted(entries, key=lambda entry: entry.name)
                    if entry.name.endswith((".dist-info", ".egg-info"))
                ]
        except OSError:
            continue  # not a folder: an archive, or gone
    return found


def plugins(settings: Settings) -> str:
    """What plugins bring: empty without any, else the version of the catalogue with them.

    Raises:
        CatalogueError: the catalogue cannot be loaded.
    """
    from memlint.catalogue.installed import may_bring
    from memlint.catalogue.layers import GROUP

    if not may_bring(GROUP):
        return ""
    from importlib.metadata import entry_points  # late: a large import

    from memlint.catalogue.loader import load

    return load(settings.catalogue).version if entry_points(group=GROUP) else ""
