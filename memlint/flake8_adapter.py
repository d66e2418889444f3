"""flake8 loads memlint through ``Plugin``: flake8's tree in, flake8's tuples out."""

from __future__ import annotations

import argparse
import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from flake8.exceptions import ExecutionError  # type: ignore[import-untyped]  # flake8 ships no types

from memlint import __version__
from memlint.catalogue import CatalogueError
from memlint.engine import Checker
from memlint.findings import Finding
from memlint.rules import RULES
from memlint.settings import Settings, SettingsError, find_configuration, read_configuration, with_options
from memlint.source.codes import UNPARSABLE

if TYPE_CHECKING:
    from flake8.options.manager import OptionManager  # type: ignore[import-untyped]  # flake8 ships no types

Reported = tuple[int, int, str, type]


class Plugin:
    """One file under flake8.

    flake8 selects, ignores and silences lines; memlint reads ``[tool.memlint]`` for what flake8 cannot say
    (the catalogue, rules that are off by default).  A rule that flake8's own ``select`` or
    ``extend-select`` names is run even when it is off by default.
    """

    name = "memlint"
    version = __version__
    _checker: ClassVar[Checker | None] = None
    _heed_comments: ClassVar[bool] = True

    def __init__(self, tree: ast.Module, filename: str = "-", lines: Sequence[str] = ()) -> None:
        self._tree = tree
        self._path = filename
        self._lines = lines

    @classmethod
    def add_options(cls, options: OptionManager) -> None:
        """Tell flake8 our options; each can stand in its configuration file."""
        options.add_option(
            "--memlint-extend-select",
            metavar="CODES",
            default="",
            comma_separated_list=True,
            parse_from_config=True,
            help="Rules of memlint to run besides its default set.",
        )
        options.add_option(
            "--memlint-preview",
            action="store_true",
            default=False,
            parse_from_config=True,
            help="Run rules of memlint that are still being measured on real code.",
        )
        options.add_option(
            "--memlint-config",
            metavar="FILE",
            default=None,
            parse_from_config=True,
            normalize_paths=True,
            help="Read [tool.memlint] from this file instead of the nearest pyproject.toml.",
        )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Make flake8's options our settings.

        Raises:
            ExecutionError: a setting cannot be used; flake8 prints it and ends.
        """
        codes = [rule.code for rule in RULES]
        try:
            settings = _configured(options.memlint_config, codes)
            asked = [*options.memlint_extend_select, *_ours(options.select), *_ours(options.extend_select)]
            more = with_options(Settings(), {"extend-select": asked}, codes, "flake8").extend_select
            settings = replace(
                settings,
                extend_select=settings.extend_select + more,
                preview=settings.preview or options.memlint_preview,
            )
            cls._checker = Checker(settings, RULES)
            cls._checker.sees_project = False  # flake8 judges one file at a time, and caches by that file alone
            cls._heed_comments = not options.disable_noqa
        except (SettingsError, CatalogueError) as error:
            raise ExecutionError(f"memlint: {error}") from error

    def run(self) -> Iterator[Reported]:
        """The findings as flake8 takes them: line from 1, column from 0, ASCII text."""
        checker = self._checker or Checker(Settings(), RULES)
        result = checker.check_tree(self._tree, self._lines, self._path, self._heed_comments)
        if result.failure is not None:
            yield 1, 0, f"{UNPARSABLE} {_ascii(result.failure.reason)}; `memlint check --debug` shows where", Plugin
        for finding in result.findings:
            yield _reported(finding)


def _configured(file: str | None, codes: Sequence[str]) -> Settings:
    found = find_configuration([os.getcwd()]) if file is None else Path(file)
    return Settings() if found is None else read_configuration(found, codes)


def _ours(selectors: Sequence[str] | None) -> list[str]:
    """Those of flake8's selectors that speak of our codes; ``MEM`` itself means our default set."""
    return [selector for selector in selectors or () if selector.startswith("MEM")]


def _reported(finding: Finding) -> Reported:
    return finding.span.line, finding.span.column, f"{finding.code} {_ascii(finding.message)}", Plugin


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")
