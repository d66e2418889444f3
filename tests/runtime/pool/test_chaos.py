"""Everything goes wrong at once, at random: afterwards every slot works and nothing is open.

Seconds here; `python -m benchmarks.runtime chaos` runs the same for a minute.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def chaos(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.runtime.chaos")


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
