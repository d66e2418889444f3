"""Leaky and clean twins of every kind: each leaky one fails for its line and its kind, no clean one fails."""

from __future__ import annotations

from typing import Any

import pytest

from .pairs import CLEAN, LEAKY, Pairs

EVERY = [
    param for file in ("matrix_cases", "state_cases", "lock_cases", "system_cases") for param in Pairs(file).params()
]


@pytest.mark.parametrize("test", LEAKY)
@pytest.mark.parametrize(("pairs", "kind", "how"), EVERY)
def test_a_leaky_test_fails_for_the_line_that_acquires(
    tmp_path_factory: pytest.TempPathFactory, test: str, pairs: Pairs, kind: str, how: Any
) -> None:
    pairs.hold_leaky(pairs.run(tmp_path_factory), test, kind, how)


@pytest.mark.parametrize("test", CLEAN)
@pytest.mark.parametrize(("pairs", "kind", "how"), EVERY)
def test_its_clean_twin_passes(
    tmp_path_factory: pytest.TempPathFactory, test: str, pairs: Pairs, kind: str, how: Any
) -> None:
    assert kind
    pairs.hold_clean(pairs.run(tmp_path_factory), test, how)


def test_there_are_at_least_150_pairs() -> None:
    assert min(len(EVERY) * len(LEAKY), len(EVERY) * len(CLEAN)) >= 150
