"""The settings of a run, from the configuration file and the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from memlint.engine.files import STDIN
from memlint.settings import Settings, find_configuration, read_configuration, with_options
from memlint.settings.options import OPTIONS, Place
from memlint.values import TYPE_CHECKING, replace

if TYPE_CHECKING:
    from memlint.rules import Rule


def settings_for(arguments: argparse.Namespace, paths: Iterable[str], rules: Sequence[Rule] | None) -> Settings:
    """The settings of a run: the configuration file's, with those of the command line in their place.

    Without ``rules`` nobody looks whether there are rules of the given codes.
    """
    codes = None if rules is None else [rule.code for rule in rules]
    named = [path for path in paths if path != STDIN] or [arguments.stdin_filename or "."]
    settings = configured(arguments, named, codes)
    given = {
        option.key: getattr(arguments, option.name)
        for option in OPTIONS
        if option.place is Place.BOTH and getattr(arguments, option.name) is not None
    }
    chosen = with_options(settings, given, codes, "command line")
    return replace(
        chosen,
        extend_select=_added(settings.extend_select, given.get("extend-select")),
        extend_ignore=_added(settings.extend_ignore, given.get("extend-ignore")),
        extend_exclude=_added(settings.extend_exclude, given.get("extend-exclude")),
    )


def configured(arguments: argparse.Namespace, paths: Iterable[str], codes: Sequence[str] | None) -> Settings:
    """The settings of the configuration file that ``--config``, ``--isolated`` and ``paths`` lead to."""
    if arguments.isolated:
        return Settings()
    if arguments.config is not None:
        from pathlib import Path

        return read_configuration(Path(arguments.config), codes)
    found = find_configuration(paths)
    return Settings() if found is None else read_configuration(found, codes)


def _added(before: tuple[str, ...], more: Sequence[str] | None) -> tuple[str, ...]:
    return (*before, *(more or ()))
