"""Commands that answer a question: what a rule means, what is known, what the analysis believes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence

from memlint.catalogue import load
from memlint.catalogue.find import find
from memlint.cli.configuration import configured
from memlint.cli.console import ExitCode
from memlint.findings import Severity
from memlint.rulebook import Rulebook, UnknownRule
from memlint.rules import Default, Rule
from memlint.source import codes

_KEYS = ("code", "name", "default", "severity", "summary", "fix")


def explain(rule: str) -> ExitCode:
    """Print the page of a rule or the section of a family."""
    print(Rulebook.load().explain(rule).rstrip("\n"))
    return ExitCode.CLEAN


def rules(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Print the table of rules."""
    rows = list(_rows(rules))
    if arguments.output_format == "json":
        book = Rulebook.load()
        print(json.dumps([{**row, "explanation": _page(book, row["code"])} for row in rows], indent=2))
        return ExitCode.CLEAN
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        fix = "" if row["fix"] == "none" else f" (fix: {row['fix']})"
        print(f"{row['code']}  {row['name']:{width}}  {row['default']:7}  {row['summary']}{fix}")
    return ExitCode.CLEAN


def catalogue(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Print what is known of a name, the user's own entries included."""
    settings = configured(arguments, ["."], [rule.code for rule in rules])
    for line in find(load(settings.catalogue), arguments.name):
        print(line)
    return ExitCode.CLEAN


def _rows(rules: Sequence[Rule]) -> Iterator[dict[str, str]]:
    from memlint.fixes.table import availability  # the other commands here need not wait for this import

    unparsable = (
        codes.UNPARSABLE,
        codes.UNPARSABLE_NAME,
        Default.ON.value,
        Severity.ERROR.value,
        codes.UNPARSABLE_SUMMARY,
        "none",
    )
    yield dict(zip(_KEYS, unparsable, strict=True))
    unused = (codes.UNUSED, codes.UNUSED_NAME, Default.OFF.value, Severity.NOTE.value)
    yield dict(zip(_KEYS, (*unused, codes.UNUSED_SUMMARY, "none"), strict=True))
    for rule in rules:
        facts = (rule.code, rule.name, rule.default.value, rule.severity.value, rule.summary, availability(rule.code))
        yield dict(zip(_KEYS, facts, strict=True))


def _page(book: Rulebook, code: str) -> str | None:
    try:
        return book.explain(code)
    except UnknownRule:
        return None
