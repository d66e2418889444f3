"""The settings of one run, as a value."""

from __future__ import annotations

from collections.abc import Mapping

from memlint.settings.options import DEFAULT_EXCLUDE
from memlint.values import dataclass, field


@dataclass(frozen=True, slots=True)
class FileCodes:
    """Rules to leave out in the files that a pattern names."""

    pattern: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a run can be asked for; each field is an option of the same name."""

    root: str = ""
    """Folder that patterns holding a slash are relative to; empty means the current one."""
    origin: str | None = None
    """The file that the settings were read from, if any."""
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[FileCodes, ...] = ()
    preview: bool = False
    strict: bool = False
    raises: str = "calls"
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    output_format: str = "text"
    fix: bool = False
    unsafe_fixes: bool = False
    unfixable: tuple[str, ...] = ()
    show_fixes: bool = False
    jobs: int | None = None
    baseline: str | None = None
    cache: bool = True
    cache_dir: str | None = None
    shared_cache: str | None = None
    catalogue: Mapping[str, object] = field(default_factory=dict)
    """The user's own catalogue tables, as read and not yet judged."""
