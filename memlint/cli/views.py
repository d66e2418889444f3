"""``memlint cfg``, ``memlint facts`` and ``memlint explain FILE:LINE``: what the analysis believes, printed."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Sequence

from memlint.cfg.graph import TooLarge
from memlint.cli.arguments import BadUse
from memlint.cli.configuration import configured
from memlint.cli.console import ExitCode
from memlint.engine import Checker, explain_line
from memlint.flow.show import NoFunction, show_cfg
from memlint.rules import Rule
from memlint.source.cells import SUFFIX
from memlint.source.decode import Unreadable, decode, parse
from memlint.source.text import Source


def cfg(arguments: argparse.Namespace, _rules: Sequence[Rule]) -> ExitCode:
    """Print the control-flow graph of one function."""
    return _print_view(arguments.function, show_cfg)


def facts(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Print what is known at each block of one function."""
    path, _ = split_place(arguments.function, "FUNCTION")
    settings = configured(arguments, [path], [rule.code for rule in rules])
    checker = Checker(settings, rules)
    return _print_view(arguments.function, checker.show_facts)


def line(place: str, arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Print why a line was or was not reported."""
    path, number = split_place(place, "LINE")
    checker = Checker(configured(arguments, [path], [rule.code for rule in rules]), rules)
    data = _read(path)
    last = data.count(b"\n") + 1
    if not 1 <= int(number) <= last:
        raise BadUse(f"{path} has {last} lines, so none with number {number}")
    for words in explain_line(checker, data, path, int(number)):
        print(words)
    return ExitCode.CLEAN


def split_place(place: str, what: str) -> tuple[str, str]:
    """The two parts of ``FILE:FUNCTION`` or ``FILE:LINE``.

    Raises:
        BadUse: there is only one part.
    """
    path, colon, rest = place.rpartition(":")
    if not colon or not path or not rest:
        raise BadUse(f"`{place}` names no {what.lower()}: write FILE:{what}")
    return path, rest


def _print_view(place: str, show: Callable[[Source, str], str]) -> ExitCode:
    path, name = split_place(place, "FUNCTION")
    source = _source(path)
    try:
        print(show(source, name).rstrip("\n"))
    except NoFunction as missing:
        raise BadUse(f"{path} has no function `{name}`{_near(name, missing.names)}") from missing
    except TooLarge as error:
        raise BadUse(f"{path}: `{name}` cannot be shown: {error}") from error
    return ExitCode.CLEAN


def _near(name: str, names: Sequence[str]) -> str:
    """Which functions were probably meant: those spelled alike, or those with the same last word."""
    last = name.rpartition(".")[2]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    close += [other for other in names if other.rpartition(".")[2] == last and other not in close]
    if close:
        return "; did you mean " + " or ".join(f"`{other}`" for other in close[:3]) + "?"
    shown = ", ".join(f"`{other}`" for other in names[:6])
    return f"; it has {shown}{' and more' if len(names) > 6 else ''}"


def _read(path: str) -> bytes:
    if path.endswith(SUFFIX):
        raise BadUse(f"{path}: is a notebook; this view needs a Python file")
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise BadUse(f"{path}: cannot be read: {error.strerror or error}") from error


def _source(path: str) -> Source:
    try:
        return parse(decode(_read(path)), path)
    except Unreadable as error:
        raise BadUse(f"{path}:{error.line}:{error.column + 1}: {error.reason}") from error
