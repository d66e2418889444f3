"""The same codes stand in the rules, on the pages, in the rules document and in the docs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from memlint.rulebook import Rulebook
from memlint.rules import RULES
from memlint.source import codes

from .expectations import expectations

ROOT = Path(__file__).resolve().parents[2]
BOOK = Rulebook.load()


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    of_no_rule = [codes.UNPARSABLE, codes.UNUSED]

    assert sorted([*of_no_rule, *(rule.code for rule in RULES)]) == [page.code for page in BOOK.pages]


def test_a_page_says_of_its_rule_what_the_rule_says() -> None:
    def facts(rule: object) -> tuple[str, ...]:
        return tuple(getattr(rule, name) for name in ("code", "name", "summary"))

    rules = {rule.code: (*facts(rule), rule.default.value, rule.severity.value) for rule in RULES}
    rules[codes.UNPARSABLE] = (codes.UNPARSABLE, codes.UNPARSABLE_NAME, codes.UNPARSABLE_SUMMARY, "on", "error")
    unused = (codes.UNUSED, codes.UNUSED_NAME, codes.UNUSED_SUMMARY)
    rules[codes.UNUSED] = (*unused, "off", "note")
    pages = {page.code: (*facts(page), page.default, page.severity) for page in BOOK.pages if page.code in rules}

    assert rules == pages


def test_codes_are_used_once() -> None:
    codes = [rule.code for rule in RULES]

    assert len(set(codes)) == len(codes)


def test_the_tables_are_those_of_the_pages() -> None:
    check = [sys.executable, str(ROOT / "docs" / "reference" / "write_rules.py"), "--check"]

    result = subprocess.run(check, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_every_known_miss_is_documented_as_unsound() -> None:
    missed = {
        f"{page.code}: {example.heading}"
        for page in BOOK.pages
        for example in page.examples
        if any(item.missed for file in example.files for item in expectations(file.text, page.code))
    }
    lines = (ROOT / "docs" / "unsound.md").read_text(encoding="utf-8").splitlines()

    assert sorted(missed) == sorted(line[2:] for line in lines if line.startswith("- MEM"))
