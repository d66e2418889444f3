"""The examples on the pages about leases, pools, scopes, breakers, cancellation and instrumentation run."""

from __future__ import annotations

import doctest
import inspect
from pathlib import Path

import pytest

from pytest_memguard.runtime import AsyncPool, CircuitBreaker, Pool, cancel_everywhere
from pytest_memguard.runtime.instrumentation.table import ADAPTERS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "runtime"
PAGES = ["breaker", "cancellation", "instrument", "leases", "pool", "scope"]


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_run(name: str) -> None:
    failed, tried = doctest.testfile(str(REFERENCE / f"{name}.md"), module_relative=False, optionflags=doctest.ELLIPSIS)

    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize(
    ("page", "function"),
    [("pool", Pool), ("pool", AsyncPool), ("breaker", CircuitBreaker), ("cancellation", cancel_everywhere)],
)
def test_every_setting_is_on_its_page(page: str, function: object) -> None:
    text = (REFERENCE / f"{page}.md").read_text()
    missing = [name for name in inspect.signature(function).parameters if f"`{name}`" not in text]  # type: ignore[arg-type]

    assert [name for name in missing if name not in ("name", "clock")] == []


def test_both_pools_take_the_same_settings() -> None:
    threads, tasks = (set(inspect.signature(each).parameters) for each in (Pool, AsyncPool))

    assert threads - tasks == {"one_thread"}
    assert tasks - threads == {"open_timeout"}


def test_every_library_that_can_be_instrumented_is_on_the_page() -> None:
    text = (REFERENCE / "instrument.md").read_text()

    for place in ADAPTERS:
        package, _, name = place.partition(".")
        assert package.removesuffix("_pool") in text.lower(), place
        assert name.removeprefix("_").removesuffix("_wrapper").removesuffix("Impl").removeprefix("Base") or name in text
