"""Everything goes wrong at once, at random: afterwards every slot works and nothing is open.

Seconds here; `python -m benchmarks.runtime chaos` runs the same for a minute.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def chaos() -> ModuleType:
    spec = importlib.util.spec_from_file_location("chaos", ROOT / "benchmarks" / "runtime" / "chaos.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["chaos"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_tasks_under_random_failures_and_cancellations(chaos: ModuleType, seed: int) -> None:
    report = chaos.tasks(seconds=2.0, tasks=1000, seed=seed)

    assert report.problems == []
    assert (report.usable, report.open, report.scopes_lost) == (chaos.MAXIMUM, 0, 0)
    assert report.leases > 0
    assert report.cancelled > 100


@pytest.mark.memguard_allow("pool lease", reason="some leases are dropped, so that the pool must notice")
def test_two_hundred_threads_under_random_failures(chaos: ModuleType) -> None:
    report = chaos.threads(seconds=1.0, threads=200, seed=1)

    assert report.problems == []
    assert (report.usable, report.open, report.scopes_lost) == (chaos.MAXIMUM, 0, 0)
    assert report.leases > 100


def test_a_thousand_connections_to_a_real_server_at_once(chaos: ModuleType) -> None:
    resource = pytest.importorskip("resource")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2200:
        pytest.skip(f"needs 2200 descriptors, the limit is {soft}")
    assert chaos.connections(1000) == (1000, 1000, 0)
