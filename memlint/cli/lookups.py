"""Commands that answer a question: what a rule means, what is known, what the analysis believes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from memlint.cli.console import ExitCode
from memlint.rulebook import Rulebook, UnknownRule
from memlint.rules import Rule


def explain(arguments: argparse.Namespace, _rules: Sequence[Rule]) -> ExitCode:
    """Print the page of a rule or the section of a family."""
    print(Rulebook.load().explain(arguments.rule).rstrip("\n"))
    return ExitCode.CLEAN


def rules(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Print the table of rules."""
    book = Rulebook.load()
    rows = []
    for rule in rules:
        try:
            explanation = book.explain(rule.code)
        except UnknownRule:
            explanation = ""
        rows.append(
            {
                "code": rule.code,
                "name": rule.name,
                "default": rule.default.value,
                "severity": rule.severity.value,
                "summary": rule.summary,
                "explanation": explanation,
            }
        )
    if arguments.output_format == "json":
        print(json.dumps(rows, indent=2))
        return ExitCode.CLEAN
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['code']}  {row['name']:{width}}  {row['default']:7}  {row['summary']}")
    return ExitCode.CLEAN
