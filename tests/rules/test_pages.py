"""Every example of every rule page is a test: the findings are exactly those that its comments expect."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import memlint.catalogue
from memlint.api import check_paths, check_source
from memlint.engine import Checker
from memlint.engine.fixing import Fixer
from memlint.findings import Finding
from memlint.fixes.table import FIXES, availability
from memlint.flow.analysis import analyse
from memlint.rulebook import Example, ExampleFile, Page, Rulebook
from memlint.rules import RULES, Default, Rule
from memlint.rules.definitions import StructureRule
from memlint.settings import Settings
from memlint.source import codes, decode

from .expectations import disagreements, expectations, unannounced, unfit, without_expectations

BOOK = Rulebook.load()
CASES = [
    pytest.param(page, example, id=f"{page.code}: {example.heading}")
    for page in BOOK.pages
    for example in page.examples
]
FIXED = [
    pytest.param(page, example, id=f"{page.code}: {example.heading}")
    for page in BOOK.pages
    for example in page.examples
    if example.fixed is not None
]
PAGES = [pytest.param(page, id=page.code) for page in BOOK.pages]


@functools.cache
def catalogue() -> memlint.catalogue.Catalogue:
    return memlint.catalogue.load()


def rules_for(page: Page, named: set[str]) -> Iterator[Rule]:
    """The rules that are on, the page's own, and those that the block names."""
    for rule in RULES:
        if rule.default is Default.ON or rule.code == page.code or rule.code in named:
            yield rule


def found(page: Page, file: ExampleFile, named: set[str]) -> list[Finding]:
    """What the rules say about one file; for what no rule finds, what the whole program says."""
    if page.code in (codes.UNPARSABLE, codes.UNUSED):
        return list(check_source(file.text, settings=Settings(select=("MEM", codes.UNUSED))))
    analysis = analyse(decode.parse(file.text, file.path), catalogue())
    return [finding for rule in rules_for(page, named) for finding in rule.check(analysis)]


def found_in_project(page: Page, example: Example, folder: Path, named: set[str]) -> dict[str, list[Finding]]:
    """What the rules say about several files that know one another: a package on disk, by file."""
    for file in example.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
        if path.parent != folder:
            (path.parent / "__init__.py").touch()
    rules = list(rules_for(page, named))
    settings = Settings(select=tuple(rule.code for rule in rules), preview=True, jobs=1)
    report = check_paths([folder], settings=settings, rules=rules)
    assert not report.failures
    by_file: dict[str, list[Finding]] = {file.path: [] for file in example.files}
    for finding in report.findings:
        by_file[Path(finding.path).relative_to(folder).as_posix()].append(finding)
    return by_file


@pytest.mark.parametrize(("page", "example"), CASES)
def test_the_page_is_kept(page: Page, example: Example, tmp_path: Path) -> None:
    differences: list[str] = []
    expected_in = {file.path: expectations(file.text, page.code) for file in example.files}
    named = {item.code for items in expected_in.values() for item in items}
    if len(example.files) == 1:
        findings_in = {file.path: found(page, file, named) for file in example.files}
    else:
        findings_in = found_in_project(page, example, tmp_path, named)
    for path, expected in expected_in.items():
        findings = findings_in[path]
        differences += disagreements(findings, expected)
        if page.code != codes.UNPARSABLE:  # whose words are Python's own
            differences += unfit(findings)
        if page.default == "on":
            differences += unannounced(findings, expected)

    assert not differences, "\n".join((example.heading, *differences, "", example.files[0].text))


def fix(page: Page, example: Example, *, unsafe: bool) -> str:
    """What the fix makes of a case, in which the page's own rule is on whatever its default."""
    checker = Checker(Settings(select=("MEM", page.code), preview=True))
    program = without_expectations(example.files[0].text)
    return Fixer(checker, unsafe=unsafe).fix(program.encode(), "example.py").after.decode()


@pytest.mark.parametrize(("page", "example"), FIXED)
def test_a_fixed_block_is_what_the_fix_makes_of_its_case_and_is_silent(page: Page, example: Example) -> None:
    assert example.fixed is not None
    left = expectations(example.fixed, page.code)

    assert fix(page, example, unsafe=example.unsafe) == without_expectations(example.fixed)
    assert not [*disagreements(found(page, ExampleFile("example.py", example.fixed, 1), set()), left)]
    assert len(left) < len(expectations(example.files[0].text, page.code))


@pytest.mark.parametrize(("page", "example"), [case for case in FIXED if case.values[1].unsafe])
def test_what_an_unsafe_fix_makes_no_safe_fix_does(page: Page, example: Example) -> None:
    assert fix(page, example, unsafe=False) == without_expectations(example.files[0].text)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_whether_its_rule_has_a_fix_and_shows_it(page: Page) -> None:
    shown = {example.unsafe for example in page.examples if example.fixed is not None}

    assert page.fix == availability(page.code)
    assert bool(shown) == (page.code in FIXES)
    assert (False in shown) == (page.fix == "sometimes safe")


STRUCTURE = {rule.code: rule for rule in RULES if isinstance(rule, StructureRule)}


@pytest.mark.parametrize(("page", "example"), [case for case in CASES if case.values[0].code in STRUCTURE])
def test_what_a_structure_rule_finds_its_trigger_lets_in(page: Page, example: Example) -> None:
    rule = STRUCTURE[page.code]
    for file in example.files:
        if any(rule.places(analyse(decode.parse(file.text, file.path), catalogue()))):
            assert rule.trigger.search(file.text.encode())


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_a_live_positive_and_a_silent_case(page: Page) -> None:
    expected = [
        [item for file in example.files for item in expectations(file.text, page.code)] for example in page.examples
    ]

    assert any(item.code == page.code and not item.missed for items in expected for item in items)
    assert any(not items for items in expected)


@pytest.mark.parametrize("page", PAGES)
def test_headings_are_unique_and_name_only_one_case(page: Page) -> None:
    headings = [example.heading for example in page.examples]

    assert len(set(headings)) == len(headings)
    assert all(len(example.files) == 1 or example.fixed is None for example in page.examples)


@pytest.mark.parametrize("page", PAGES)
def test_examples_are_python(page: Page) -> None:
    for example in page.examples:
        for file in example.files:
            if not any(item.code == "MEM000" for item in expectations(file.text, page.code)):
                compile(file.text, f"{page.file_name}: {example.heading}", "exec", dont_inherit=True)


NEIGHBOUR = re.compile(r"`(?:SIM|ASYNC|RUF|FURB|WPS|PLW|[BCERSW])\d{3,4}`")
ADVICE = re.compile(r"[Ss]witch|[Kk]eep|leave this rule off|`external|take `")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_names_rules_of_other_tools_says_when_to_switch_them_off(page: Page) -> None:
    neighbours = page.text.partition("## In other tools")[2].partition("## References")[0]

    assert neighbours.strip()
    assert not NEIGHBOUR.search(neighbours) or ADVICE.search(neighbours) or page.family == "none"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_its_sections_in_order(page: Page) -> None:
    titles = [line[3:] for line in page.text.splitlines() if line.startswith("## ")]
    fixed = ["What it does", "Why it matters", "At run time and in tests"]
    closing = ["Known limits", "In other tools", "References"]

    assert titles[:3] == fixed
    assert [title for title in titles if title in closing] == closing
