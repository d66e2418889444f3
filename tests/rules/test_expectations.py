from __future__ import annotations

from dataclasses import replace

import pytest

from memlint.findings import Finding, Span

from .expectations import disagreements, expectations, unannounced, unfit


def finding(line: int, code: str = "MEM101", message: str = "`f` is not released", column: int = 4) -> Finding:
    return Finding(code, "example.py", Span(line, column, line, column + 4), message)


def test_a_finding_that_a_comment_expects_is_agreed() -> None:
    expected = expectations('f = open(p)  # error: 5 [MEM101] "not released"\n', "MEM999")

    assert list(disagreements([finding(1)], expected)) == []


def test_a_comment_without_code_means_the_page_s_own() -> None:
    (expected,) = expectations("f = open(p)  # error:\n", "MEM101")

    assert expected.code == "MEM101"


def test_one_line_may_expect_two_findings() -> None:
    expected = expectations('a, b = pipe()  # error: "`a`" # error: "`b`"\n', "MEM101")

    assert list(disagreements([finding(1, message="`a` x"), finding(1, message="`b` x")], expected)) == []


@pytest.mark.parametrize(
    "other",
    [finding(2), finding(1, "MEM102"), finding(1, message="something else"), finding(1, column=0)],
    ids=["line", "code", "message", "column"],
)
def test_a_finding_with_another_line_code_message_or_column_is_refused(other: Finding) -> None:
    expected = expectations('f = open(p)  # error: 5 "not released"\n', "MEM101")

    assert len(list(disagreements([other], expected))) == 2


def test_the_same_finding_twice_is_refused() -> None:
    expected = expectations("f = open(p)  # error:\n", "MEM101")

    (difference,) = disagreements([finding(1), finding(1)], expected)

    assert difference.startswith("not expected")


def test_an_expectation_that_nothing_meets_is_refused() -> None:
    (difference,) = disagreements([], expectations("f = open(p)  # error:\n", "MEM101"))

    assert difference.startswith("not found: line 1")


def test_a_known_miss_that_is_found_asks_to_be_expected() -> None:
    expected = expectations("f = open(p)  # missed: MEM101 chosen at run time\n", "MEM101")

    assert list(disagreements([], expected)) == []
    (difference,) = disagreements([finding(1)], expected)
    assert "expect it" in difference


def test_what_only_previews_show_must_be_announced() -> None:
    found = [replace(finding(1), preview=True)]

    assert list(unannounced(found, expectations("f = open(p)  # error:\n", "MEM101"))) != []
    assert list(unannounced(found, expectations("f = open(p)  # preview:\n", "MEM101"))) == []


def test_an_announced_preview_that_everyone_sees_is_refused() -> None:
    expected = expectations("f = open(p)  # preview:\n", "MEM101")

    assert len(list(disagreements([finding(1)], expected))) == 2


def test_a_message_says_first_what_is_lost_and_says_it_for_sure() -> None:
    messages = ["`f` is not released if line 2 raises", "f is lost", "`f` might be lost", "`f` is lost."]

    assert len(list(unfit(finding(1, message=message) for message in messages))) == 3


@pytest.mark.parametrize("comment", ["# error: leak", "# missed: MEM101", "# missed: why", "# error: [MEM1] x"])
def test_a_comment_that_cannot_be_read_is_refused(comment: str) -> None:
    with pytest.raises(ValueError, match="line 1: write"):
        expectations(f"f = open(p)  {comment}\n", "MEM101")
