"""Settings of folders: the nearest folder's go over those of the folder around it, a marker's over both."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Run

LEAKS = """
HELD = []
def test_{name}(): HELD.extend([open(__file__), open(__file__)])
"""
MARKED = """
import pytest
HELD = []
@pytest.mark.memguard(handles=0)
def test_marked(): HELD.append(open(__file__))
"""


def ini(*lines: str) -> str:
    folders = "".join(f"\n    {line}" for line in lines)
    return f"[pytest]\naddopts = -p no:randomly\nmemguard_folders ={folders}\n"


def test_the_nearest_folder_has_the_last_word_but_for_a_marker(suite: Callable[..., Run]) -> None:
    run = suite(
        LEAKS.format(name="outside"),
        files={
            "pytest.ini": ini("slow: handles=2", "slow/strict: handles=1 ignore=thread", "off: enabled=no"),
            "slow/test_slow.py": LEAKS.format(name="slow"),
            "slow/strict/test_strict.py": LEAKS.format(name="strict"),
            "slow/test_marked.py": MARKED,
            "off/test_off.py": LEAKS.format(name="off"),
        },
    )
    failing = {name.rpartition("_")[2] for name, outcome in run.outcomes.items() if outcome != "passed"}
    assert failing == {"outside", "strict", "marked"}, run.output
    assert "within handles=2" in run.output


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("slwo: handles=2", "memguard_folders: there is no folder 'slwo' in "),
        ("slow", "is no folder with settings; write 'tests/slow: threads=2 settle=5'"),
        ("slow: handles", "is no folder with settings"),
        ("slow: handels=2", "there is no setting 'handels'; there are enabled"),
        ("slow: handles=some", "memguard_handles = 'some' is not a whole number"),
        ("slow: growth='1 MB", "No closing quotation"),
    ],
)
def test_a_wrong_line_is_refused_with_its_cure(suite: Callable[..., Run], line: str, words: str) -> None:
    run = suite("def test_it(): pass\n", files={"pytest.ini": ini(line), "slow/test_it.py": ""})
    assert run.code == 4
    assert words in run.output
    assert "Traceback" not in run.output
