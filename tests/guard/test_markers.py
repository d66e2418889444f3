"""Markers: a test's own settings, and leaks that are known."""

from __future__ import annotations

from .conftest import Run, scenario

LEAKS = """
import pytest
@pytest.mark.MARKER
def test_it():
    open(__file__)
"""


def each(*markers: str) -> tuple[str, ...]:
    return tuple(LEAKS.replace("MARKER", marker) for marker in markers)


@scenario(
    *each(
        "memguard(enabled=False)",
        "memguard(ignore=['file'])",
        "memguard_allow('file', reason='known')",
        "memguard_allow('all', reason='known', issue='#12', until='2999-12-31')",
    )
)
def test_a_marker_lets_a_leak_pass(told: Run) -> None:
    assert list(told.outcomes.values()) == ["passed"] * 4
    assert [found for found in told.findings if found["fails"]] == []


@scenario(
    *each(
        "memguard(allow=[{'kind': 'file', 'reason': 'known', 'until': '2999-12-31'}])",
        "memguard(handles=0, growth='1 MB', peak='64 MB', threads=0, tasks=0, repeats=5, "
        "allow=[{'kind': 'file', 'reason': 'known'}])",
    )
)
def test_the_marker_itself_may_list_what_is_allowed(told: Run) -> None:
    assert list(told.outcomes.values()) == ["passed"] * 2
    assert {found["allowed"] for found in told.findings} == {"known", "known, until 2999-12-31"}


@scenario(*each("memguard(allow=['file'])", "memguard(allow=[{'kind': 'file', 'why': 'known'}])"))
def test_what_the_marker_allows_needs_a_reason(told: Run) -> None:
    assert set(told.outcomes.values()) == {"error"}
    assert "allow: 'file' has no reason; write allow=[" in told.output
    assert "has something else than kind, reason, issue and until" in told.output


@scenario(*each("memguard_allow('file', reason='the parser keeps it', issue='#12', until='2999-12-31')"))
def test_an_allowed_leak_is_reported_apart_with_its_reason(told: Run) -> None:
    assert [found["allowed"] for found in told.findings] == ["the parser keeps it, #12, until 2999-12-31"]
    assert "(the parser keeps it, #12, until 2999-12-31)" in told.output


@scenario(
    *each("memguard_allow('socket', reason='known')", "memguard_allow('file', reason='known', until='2020-01-31')")
)
def test_an_allowance_for_something_else_or_past_its_day_does_not_count(told: Run) -> None:
    assert set(told.outcomes.values()) == {"failed"}
    assert len([found for found in told.findings if found["fails"]]) == 2


@scenario(
    """
import pytest
HELD = []

@pytest.mark.memguard(handles=2)
def test_two(): HELD.extend([open(__file__), open(__file__)])

@pytest.mark.memguard(handles=2)
def test_three(): HELD.extend([open(__file__), open(__file__), open(__file__)])

@pytest.mark.memguard(peak="1 MB")
def test_small(): bytes(1000)

@pytest.mark.memguard(peak="1 MB")
def test_large(): bytes(3_000_000)
"""
)
def test_a_test_may_have_limits_of_its_own(told: Run) -> None:
    failing = {name for name, outcome in told.outcomes.items() if outcome != "passed"}
    assert failing == {"0::test_three", "0::test_large"}
    assert [found["fails"] for found in told.of("test_three")].count(True) == 1
    assert told.failing("test_large")[0]["what"] == "of 2.9 MB, 1.0 MB allowed"


@scenario(*each("memguard_allow('file')"))
def test_an_allowance_needs_a_reason(told: Run) -> None:
    assert told.outcomes == {"0::test_it": "error"}
    assert "needs a reason" in told.output


@scenario(*each("memguard_allow(reason='x')"))
def test_an_allowance_needs_a_kind(told: Run) -> None:
    assert told.outcomes == {"0::test_it": "error"}
    assert "needs a kind" in told.output


@scenario(*each("memguard_allow('file', reason='x', until='soon')"))
def test_an_allowances_day_must_be_one(told: Run) -> None:
    assert "until='soon' is not a day" in told.output


@scenario(*each("memguard(limit=3)"))
def test_a_marker_with_an_unknown_option_is_refused_by_name(told: Run) -> None:
    assert "memguard takes no 'limit'; it takes enabled" in told.output


@scenario(
    *each("memguard_allow('thred', reason='x')"),
    *each("memguard(allow=[{'kind': 'sockett', 'reason': 'x'}])"),
)
def test_an_allowance_for_a_kind_that_is_misspelled_is_refused_and_breaks_nothing_else(told: Run) -> None:
    assert set(told.outcomes.values()) == {"error"}
    assert "did you mean 'thread'?" in told.output
    assert "did you mean 'socket'?" in told.output
    assert "KeyError" not in told.output


@scenario(
    """
import os, pytest
HELD = []
@pytest.mark.memguard_allow("descriptor", reason="known")
def test_allowed(): HELD.append([open(__file__), os.eventfd(0)])
@pytest.mark.memguard(handles=2)
def test_counted(): HELD.append([os.pidfd_open(os.getpid()), os.memfd_create("it")])
"""
)
def test_a_group_is_allowed_by_its_word_and_every_descriptor_is_a_handle(told: Run) -> None:
    assert set(told.outcomes.values()) == {"passed"}
    assert {each["allowed"] for each in told.findings} == {"known", "within handles=2"}


@scenario(*each("memguard('file')"))
def test_a_marker_takes_names_only(told: Run) -> None:
    assert "memguard takes names only" in told.output
