"""The ``memlint`` command: arguments in, words and an exit code out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from memlint.cli.arguments import parse
from memlint.cli.console import ExitCode, say
from memlint.trouble import Trouble
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from memlint.rules import Rule


def _carry_out(arguments: argparse.Namespace, rules: Sequence[Rule] | None) -> ExitCode:
    """Call the function of a command, whose module is imported only now: most need much, and few are called."""
    if arguments.command == "check":
        from memlint.cli.check import check

        return check(arguments, rules)
    if arguments.command == "merge":
        from memlint.cli.merge import merge

        return merge(arguments)
    from memlint.rules import RULES

    return _answer(arguments, RULES if rules is None else rules)


def _answer(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Carry out a command that answers a question."""
    if arguments.command == "server":
        from memlint.cli.server import serve

        return serve(arguments, rules)
    if arguments.command == "completion":
        from memlint.cli.completion import completion

        return completion(arguments, rules)
    from memlint.cli import lookups, views

    match arguments.command:
        case "explain" if arguments.what.rpartition(":")[2].isdecimal():
            return views.line(arguments.what, arguments, rules)
        case "explain":
            return lookups.explain(arguments.what)
        case "rules":
            return lookups.rules(arguments, rules)
        case "cfg":
            return views.cfg(arguments, rules)
        case "facts":
            return views.facts(arguments, rules)
        case _:
            return lookups.catalogue(arguments, rules)


def main(argv: Sequence[str] | None = None, rules: Sequence[Rule] | None = None) -> int:
    """Run the command and return its exit code; ``rules`` stand in place of our own.

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
        code = int(_carry_out(arguments, rules))
        sys.stdout.flush()
        return code
    except Trouble as error:
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
        import traceback

        traceback.print_exc()
    say(words)
    return int(ExitCode.BAD_USE)
