"""Every kind can be on, only reported, or off: from the ini file, the command line and the marker."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_memguard import kinds, probes
from pytest_memguard.guard import Guard, watch
from pytest_memguard.options import BadOption, settings
from pytest_memguard.probes.probe import room

from .conftest import Run

LEAKS = """
import pytest
HELD = []
def test_it(): HELD.append(open(__file__))
@pytest.mark.memguard(kinds="file=report")
def test_reports(): HELD.append(open(__file__))
@pytest.mark.memguard(kinds={"file": "off"})
def test_does_not_look(): HELD.append(open(__file__))
@pytest.mark.memguard(kinds={"descriptor": "on"})
def test_looks(): HELD.append(open(__file__))
"""


def states(run: Run) -> dict[str, str]:
    """For each test: whether it fails, and what is said of it when it does not."""
    tests = ("test_it", "test_reports", "test_does_not_look", "test_looks")
    said = {test: "fails" if run.outcome(test) == "failed" else "silence" for test in tests}
    return said | {test: "noted" for test in tests if said[test] == "silence" and run.of(test)}


def test_a_kind_that_is_on_fails_and_a_marker_says_otherwise_for_its_test(suite: Callable[..., Run]) -> None:
    run = suite(LEAKS)
    assert states(run) == {
        "test_it": "fails",
        "test_reports": "noted",
        "test_does_not_look": "silence",
        "test_looks": "fails",
    }
    assert run.of("test_reports")[0]["reason"].endswith("this kind is only reported")
    assert run.of("test_reports")[0]["origin"][0]["line"] == 6


def test_the_ini_file_switches_a_kind_to_report_and_the_marker_switches_it_on(suite: Callable[..., Run]) -> None:
    ini = "[pytest]\naddopts = -p no:randomly\nmemguard_kinds = thread=off\n    file=report\n"
    run = suite(LEAKS, files={"pytest.ini": ini}, args=("--memguard-strict",))
    assert (states(run)["test_it"], states(run)["test_looks"]) == ("noted", "fails")


def test_the_command_line_goes_over_the_ini_file_and_a_marker_wakes_what_was_off(suite: Callable[..., Run]) -> None:
    ini = "[pytest]\naddopts = -p no:randomly\nmemguard_kinds = file=report, thread=off\n"
    run = suite(LEAKS, files={"pytest.ini": ini}, args=("--memguard-kinds", "descriptor=off"))
    assert states(run) == {
        "test_it": "silence",
        "test_reports": "noted",
        "test_does_not_look": "silence",
        "test_looks": "fails",
    }


def test_what_is_ignored_stays_ignored(suite: Callable[..., Run]) -> None:
    run = suite(LEAKS, args=("--memguard-ignore", "file", "--memguard-kinds", "file=on"))
    assert states(run)["test_it"] == "silence"


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind.probes], ids=lambda kind: str(kind.name))
def test_each_kind_can_be_switched_and_its_probes_rest_when_nothing_else_needs_them(kind: kinds.Kind) -> None:
    for how in kinds.MODES:
        assert kinds.mode(kind.name, settings({"kinds": f"{kind.name}={how}"}).switches) == how
    switches = settings({"kinds": {word: "off" for word in kinds.words() if word != kind.name} | {kind.name: "on"}})
    assert set(kind.probes).isdisjoint(kinds.resting(switches.switches))
    alone = {each for each in kinds.KINDS if set(each.probes) & set(kind.probes)}
    off = settings({"kinds": {each.name: "off" for each in alone}})
    assert set(kind.probes) <= kinds.resting(off.switches)


def test_the_table_names_every_probe_and_no_other() -> None:
    every = {probe for kind in kinds.KINDS for probe in kind.probes}
    assert {room(probe) for probe in Guard()._probes} == every
    assert all((Path(probes.__file__).parent / f"{name}.py").exists() for name in every)


def test_a_watched_block_takes_switches_too() -> None:
    held = []
    with watch(kinds="file=report") as watched:
        held.append(open(__file__))  # noqa: SIM115 - left open on purpose
    watched.assert_clean()
    assert [each.kind for each in watched.findings] == ["file"]
    held[0].close()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("tread=off", "memguard_kinds: there is no kind 'tread'"),
        ("thread=quiet", "memguard_kinds: thread=quiet is none of on, report, off"),
        ("thread", "memguard_kinds: 'thread' says nothing; write 'thread=report'"),
    ],
)
def test_a_wrong_switch_is_named_with_its_cure(value: str, words: str) -> None:
    with pytest.raises(BadOption, match=re.escape(words)):
        settings({"kinds": value})
