"""The ``memlint`` command: arguments in, words and an exit code out."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from memlint.catalogue import CatalogueError
from memlint.cli import check, completion, lookups, views
from memlint.cli.arguments import BadUse, parse
from memlint.cli.console import ExitCode, say
from memlint.rulebook import PageError, UnknownRule
from memlint.rules import RULES, Rule
from memlint.settings import SettingsError


def _explain(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Explain a rule, or a line where the word ends in a line number."""
    if arguments.what.rpartition(":")[2].isdecimal():
        return views.line(arguments.what, arguments, rules)
    return lookups.explain(arguments.what)


def _server(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    from memlint.cli.server import serve  # only editors need it

    return serve(arguments, rules)


_COMMANDS = {
    "check": check.check,
    "explain": _explain,
    "rules": lookups.rules,
    "cfg": views.cfg,
    "facts": views.facts,
    "catalogue": lookups.catalogue,
    "completion": completion.completion,
    "server": _server,
}


def main(argv: Sequence[str] | None = None, rules: Sequence[Rule] = RULES) -> int:
    """Run the command and return its exit code.

    0 is clean, 1 means findings, 2 means bad use or a fault of memlint's own.  No exception reaches the
    user as a traceback unless ``--debug`` asks for it.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = parse(words)
        code = int(_COMMANDS[arguments.command](arguments, rules))
        sys.stdout.flush()
        return code
    except (BadUse, SettingsError, CatalogueError, UnknownRule, PageError) as error:
        return _refuse(str(error), debug)
    except BrokenPipeError:  # the reader (`head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.BAD_USE)
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except Exception as error:
        return _refuse(f"internal error: {type(error).__name__}: {error} (--debug shows where)", debug)


def _refuse(words: str, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    say(words)
    return int(ExitCode.BAD_USE)
