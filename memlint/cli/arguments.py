"""The command line's grammar; the options of ``check`` come from the table of all options."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from memlint import __version__
from memlint.settings.options import OPTIONS, Kind, Option, Place
from memlint.settings.problems import meant
from memlint.trouble import Trouble
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeAlias

_OF_A_REPORT = ("output-format", "output-file", "statistics", "exit-zero", "baseline", "update-baseline")
"""Options of ``check`` that say what becomes of a finished report."""

_Commands: TypeAlias = "argparse._SubParsersAction[Any]"


class BadUse(Trouble):
    """The command line cannot be understood; the text is one line for the user."""


class _Parser(argparse.ArgumentParser):
    """Refuses in one line, in our words, instead of printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ").split()
        if message.startswith("unrecognized arguments: ") and unknown[0].startswith("--"):
            flag = unknown[0].partition("=")[0]
            hint = meant(flag, (f"--{option.key}" for option in OPTIONS))
            raise BadUse(f"unknown option `{flag}`{hint or f'; `{self.prog} --help` lists them'}")
        raise BadUse(f"{message} (`{self.prog} --help` lists what there is)")


class _Formatter(argparse.HelpFormatter):
    """Asks for the terminal's width itself: argparse makes a formatter for each argument, and imports much to ask."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """How wide the terminal is, by the rules of ``shutil.get_terminal_size``."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return (os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0) or 80
    except (OSError, ValueError):
        return 80


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The command line, understood.

    Raises:
        BadUse: it cannot be.
    """
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        hint = meant(words[0], COMMANDS) or f"; to check a path: `memlint check {words[0]}`"
        raise BadUse(f"no command `{words[0]}`{hint}")
    return make_parser(words[0] if words and words[0] in COMMANDS else None).parse_args(words)


def make_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command line, or of one command's, which is quicker made."""
    parser = _Parser(
        prog="memlint",
        description="Find resource and memory leaks before the code runs.",
        epilog="Exit codes: 0 clean, 1 findings, 2 bad use or internal error.",
        allow_abbrev=False,
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"memlint {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", prog="memlint")
    for name, (words, add) in COMMANDS.items():
        if only in (None, name):
            add(_command(commands, name, words))
    return parser


def _add_settings_source(command: argparse.ArgumentParser) -> None:
    source = command.add_mutually_exclusive_group()
    source.add_argument("--config", metavar="FILE", help="Read the settings from this TOML file.")
    source.add_argument("--isolated", action="store_true", help="Read no configuration file.")


def _command(commands: _Commands, name: str, words: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=words, allow_abbrev=False, formatter_class=_Formatter
    )
    command.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    return command


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument(
        "paths", nargs="*", metavar="PATH", help="files and folders (default: the current one); - is standard input"
    )
    _add_settings_source(check)
    for option in OPTIONS:
        if option.place is not Place.FILE_ONLY:
            _add_option(check, option)
    check.add_argument("-v", "--verbose", action="store_true", help="Say what was skipped and why, and the time taken.")


def _add_merge(merge: argparse.ArgumentParser) -> None:
    merge.add_argument("reports", nargs="+", metavar="REPORT", help="what each `check --shard` wrote as JSON")
    _add_settings_source(merge)
    for option in OPTIONS:
        if option.key in _OF_A_REPORT:
            _add_option(merge, option)


def _add_explain(explain: argparse.ArgumentParser) -> None:
    explain.add_argument("what", metavar="CODE|FILE:LINE", help="MEM101, unreleased-resource, MEM-001, or app.py:12")
    _add_settings_source(explain)


def _add_rules(rules: argparse.ArgumentParser) -> None:
    rules.add_argument("--output-format", choices=("text", "json"), default="text")


def _add_cfg(cfg: argparse.ArgumentParser) -> None:
    cfg.add_argument("function", metavar="FILE:FUNCTION", help="app.py:load, app.py:Class.load or app.py:<module>")


def _add_facts(facts: argparse.ArgumentParser) -> None:
    facts.add_argument("function", metavar="FILE:FUNCTION", help="as for cfg")
    _add_settings_source(facts)


def _add_catalogue(catalogue: argparse.ArgumentParser) -> None:
    actions = catalogue.add_subparsers(dest="action", required=True, metavar="find", prog="memlint catalogue")
    find = _command(actions, "find", "Print what the catalogue says about a name.")
    find.add_argument("name", metavar="NAME", help="subprocess.Popen, Popen, or a kind of resource")
    _add_settings_source(find)


def _add_server(_server: argparse.ArgumentParser) -> None:
    """It asks nothing."""


def _add_completion(completion: argparse.ArgumentParser) -> None:
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))


def _add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    flag = f"--{option.key}"
    if option.kind is Kind.FLAG:
        if option.place is Place.BOTH:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=option.words)
        else:
            parser.add_argument(flag, action="store_true", help=option.words)
    elif option.kind in (Kind.CODES, Kind.GLOBS):
        parser.add_argument(
            flag, action="extend", type=_listed, default=None, metavar=option.metavar, help=option.words
        )
    else:
        number = int if option.kind is Kind.NUMBER else str
        parser.add_argument(
            flag, type=number, choices=option.choices or None, metavar=option.metavar, help=option.words
        )


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "check": ("Check files and folders.", _add_check),
    "merge": ("Join the JSON reports of all shards of a run.", _add_merge),
    "explain": ("Print a rule's page, or why a line was or was not reported.", _add_explain),
    "rules": ("List all rules.", _add_rules),
    "cfg": ("Print the control-flow graph of a function.", _add_cfg),
    "facts": ("Print what the analysis knows at each block of a function.", _add_facts),
    "catalogue": ("Look up what is known of a function, a class or a resource.", _add_catalogue),
    "server": ("Serve editors: the Language Server Protocol on standard input and output.", _add_server),
    "completion": ("Print a script that completes this command line in a shell.", _add_completion),
}
"""What each command does, and what gives its parser its arguments."""


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
