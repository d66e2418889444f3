"""``memlint server``: a language server over standard input and output.

It speaks the Language Server Protocol 3.17 with nothing but the standard library, so that every install has it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from memlint.cli.console import ExitCode
from memlint.cli.server.session import Session
from memlint.rules import Rule


def serve(_arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Serve one client until it says ``exit`` or goes away."""
    said_goodbye = Session(sys.stdin.buffer, sys.stdout.buffer, rules).run()
    return ExitCode.CLEAN if said_goodbye else ExitCode.FINDINGS  # what the protocol asks for


__all__ = ["Session", "serve"]
