"""The examples in the docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import pytest_memguard.runtime as runtime

MODULES = [module.name for module in pkgutil.walk_packages(runtime.__path__, f"{runtime.__name__}.")]


@pytest.mark.parametrize("name", [runtime.__name__, *MODULES])
def test_the_examples_of_a_module_run(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)

    assert failed == 0


def test_every_main_class_has_an_example() -> None:
    for name in (
        "AsyncPool",
        "AsyncScope",
        "CircuitBreaker",
        "Pool",
        "Scope",
        "cancel_everywhere",
        "Origin",
        "subscribe",
    ):
        assert ">>>" in (getattr(runtime, name).__doc__ or ""), name
