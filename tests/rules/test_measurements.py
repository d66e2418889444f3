"""What was read of findings is filed under rules that exist, and the page says of each rule what the rule says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import rules as measured
from memlint.rules import RULES, Default

LINES = measured.JUDGEMENTS.read_text(encoding="utf-8").splitlines()
ROW = re.compile(r"^\| \[(?P<code>MEM\d{3})\]\(\S+\) \| (?P<name>\S+) \| (?P<default>\w+) \|", re.MULTILINE)


def found(line: int, rule: str = "MEM503", *, preview: bool = False) -> measured.Found:
    return measured.Found(rule, "package-1.0", "module.py", line, "f", f"text {line}", "message", preview)


def test_each_judgement_is_of_a_rule_that_exists_and_says_why() -> None:
    codes = {rule.code for rule in RULES}

    for line in LINES:
        row = json.loads(line)
        assert row["rule"] in codes
        assert row["verdict"] in measured.VERDICTS
        assert row["why"].strip()


def test_a_finding_is_judged_once() -> None:
    assert len(measured.judgements(LINES)) == len(LINES)


def test_a_verdict_that_is_none_is_refused_with_its_line() -> None:
    row = {"rule": "MEM503", "package": "p", "file": "f.py", "symbol": "f", "text": "x", "verdict": "fine", "why": "y"}

    with pytest.raises(SystemExit, match=r"rules_read\.jsonl:1: the verdict is one of accepted"):
        measured.judgements([json.dumps(row)])


def test_the_page_has_every_rule_with_the_default_that_the_rule_has() -> None:
    shown = {row["code"]: (row["name"], row["default"]) for row in ROW.finditer(measured.PAGE.read_text("utf-8"))}

    assert shown == {rule.code: (rule.name, rule.default.value) for rule in RULES}


def test_a_rule_that_was_read_and_found_wanting_is_not_on_without_a_reason() -> None:
    rows = [line.split(" | ") for line in measured.PAGE.read_text("utf-8").splitlines() if line.startswith("| [MEM")]
    wanting = {row[0].partition("]")[0][3:] for row in rows if row[8] and int(row[8].split()[0]) < measured.SHARE}
    on = {rule.code for rule in RULES if rule.default is Default.ON}

    assert wanting & on <= measured.REASONS.keys()


@given(st.sets(st.integers(1, 500), max_size=60), st.integers(1, 40))
def test_a_sample_is_the_same_each_time_and_never_more_than_asked(lines: set[int], size: int) -> None:
    findings = sorted(found(line) for line in lines)

    drawn = measured.sample(findings, size)

    assert drawn == measured.sample(findings, size)
    assert len(drawn) == min(size, len(findings))
    assert set(drawn) <= set(findings)


def test_what_only_previews_show_of_a_rule_that_is_on_is_counted_apart() -> None:
    counted = measured.counts([found(1, "MEM101"), found(2, "MEM101", preview=True)], {})

    assert counted["MEM101"] == {"findings": 1, "previews": 1}


def test_a_judgement_is_found_again_when_lines_have_moved() -> None:
    row = {"rule": "MEM503", "package": "package", "file": "module.py", "symbol": "f", "text": "text 1"}
    read = measured.judgements([json.dumps({**row, "verdict": "accepted", "why": "it grows"})])

    assert found(1).key in read
    assert Path(measured.PAGE).name == "rule-measurements.md"
