"""Which rules run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.settings import Selection, Settings

from .fakes import FAKES


def chosen(**options: object) -> list[str]:
    selection = Selection(Settings(**options), FAKES)  # type: ignore[arg-type]  # each test names its own options
    return [rule.code for rule in selection.rules()] + ["MEM000"] * selection.reports_unparsable()


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({}, ["MEM101", "MEM000"]),
        ({"preview": True}, ["MEM101", "MEM201", "MEM000"]),
        ({"select": ("MEM",)}, ["MEM101", "MEM000"]),
        ({"select": ("ALL",)}, ["MEM101", "MEM401", "MEM000"]),
        ({"select": ("ALL",), "preview": True}, ["MEM101", "MEM201", "MEM401", "MEM000"]),
        ({"select": ("MEM4",)}, ["MEM401"]),
        ({"select": ("MEM2",)}, []),
        ({"select": ("MEM201",)}, ["MEM201"]),
        ({"select": ()}, []),
        ({"extend_select": ("MEM4",)}, ["MEM101", "MEM401", "MEM000"]),
        ({"ignore": ("MEM000",)}, ["MEM101"]),
        ({"ignore": ("MEM1",)}, ["MEM000"]),
        ({"ignore": ("ALL",)}, ["MEM101", "MEM000"]),
        ({"ignore": ("ALL",), "select": ("ALL",)}, []),
        ({"select": ("MEM101",), "ignore": ("MEM1",)}, ["MEM101"]),
        ({"select": ("MEM1",), "ignore": ("MEM101",)}, []),
        ({"select": ("MEM1",), "extend_ignore": ("MEM1",)}, []),
    ],
    ids=str,
)
def test_the_longest_selector_decides(options: dict[str, object], codes: list[str]) -> None:
    assert chosen(**options) == codes


SELECTORS = st.lists(
    st.sampled_from(["ALL", "MEM", "MEM0", "MEM000", "MEM1", "MEM101", "MEM2", "MEM201", "MEM4", "MEM401"])
).map(tuple)


@settings(deadline=None)
@given(select=SELECTORS, extend=SELECTORS, ignore=SELECTORS, preview=st.booleans())
def test_ignoring_more_never_runs_more(
    select: tuple[str, ...], extend: tuple[str, ...], ignore: tuple[str, ...], preview: bool
) -> None:
    fewer = chosen(select=select, extend_select=extend, preview=preview, ignore=ignore)
    more = chosen(select=select, extend_select=extend, preview=preview)

    assert set(fewer) <= set(more)


def test_a_selector_that_names_only_previews_is_told() -> None:
    assert Selection(Settings(select=("MEM2", "MEM1")), FAKES).only_previews() == ("MEM2",)
    assert Selection(Settings(select=("MEM2",), preview=True), FAKES).only_previews() == ()
