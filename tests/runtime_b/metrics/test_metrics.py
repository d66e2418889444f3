"""Whoever scrapes sees the utilities' own numbers, under one set of names."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_memguard.runtime import (
    BreakerStatistics,
    BufferPool,
    BufferStatistics,
    Cache,
    CacheStatistics,
    CircuitBreaker,
    MemoryMonitor,
    MemoryReading,
    MonitorStatistics,
    Pool,
    PoolStatistics,
    Status,
    check_health,
)
from pytest_memguard.runtime.health import health_of
from pytest_memguard.runtime.metrics import FAMILIES, HEALTH, Family, Kind, measure

DASHBOARD = Path(__file__).parents[3] / "docs/grafana/runtime.json"
NOT_NUMBERS = {"unit", "policy"}


def every_family() -> list[Family]:
    return [*(family for families in FAMILIES.values() for family in families), HEALTH]


def value_of(field: str, utility: Any) -> float:
    ((_, value),) = next(each.values for each in measure([utility]) if each.family.field == field)
    return value


@pytest.mark.parametrize(
    "record", [CacheStatistics, BufferStatistics, PoolStatistics, BreakerStatistics, MonitorStatistics]
)
def test_every_number_of_the_statistics_is_exported(record: type[Any]) -> None:
    fields = {field.name for field in dataclasses.fields(record)} - NOT_NUMBERS
    derived = {"ratio"}  # a quotient of two that are exported
    assert {family.field for family in FAMILIES[record.__name__]} == fields - derived


def test_no_two_numbers_share_a_name() -> None:
    families = every_family()
    assert len({family.prometheus_name for family in families}) == len(families)
    assert len({family.opentelemetry_name for family in families}) == len(families)


def test_the_numbers_are_those_of_the_statistics() -> None:
    cache = Cache[str, int](10, name="users")
    cache.put("ada", 1)
    cache.get("ada")
    cache.get("bob")
    assert (value_of("hits", cache), value_of("misses", cache), value_of("max_weight", cache)) == (1, 1, 0)


def test_utilities_of_one_name_are_added_up_and_levels_take_the_highest() -> None:
    first, second = Cache[int, int](10, name="same"), Cache[int, int](10, name="same")
    first.put(1, 1)
    second.put(1, 1)
    ((_, items),) = next(each.values for each in measure([first, second]) if each.family.field == "items")
    assert items == 2

    def reader(percent: int) -> MemoryReading:
        return MemoryReading(percent, 0, percent, 100, "test")

    calm = MemoryMonitor(reader=lambda: reader(10), name="same")
    pressed = MemoryMonitor(reader=lambda: reader(95), name="same")
    calm.check()
    pressed.check()
    ((_, level),) = next(each.values for each in measure([pressed, calm]) if each.family.field == "level")
    assert level == 2


def test_a_utility_is_measured_for_as_long_as_it_lives() -> None:
    cache = Cache[int, int](10, name="a short life")

    def names() -> set[str]:
        return {subject.name for each in measure() for subject, _ in each.values}

    assert "a short life" in names()
    del cache
    assert "a short life" not in names()


@pytest.fixture
def utilities() -> Iterator[list[Any]]:
    with Pool(object, name="db") as pool, Cache[str, int](10, name="users") as cache:
        yield [pool, cache, BufferPool(name="frames"), MemoryMonitor(name="app"), CircuitBreaker("payments")]


def test_prometheus_sees_every_family(utilities: list[Any]) -> None:
    client = pytest.importorskip("prometheus_client")
    from pytest_memguard.runtime.metrics.prometheus import UtilityCollector

    registry = client.CollectorRegistry()
    registry.register(UtilityCollector(utilities))
    utilities[1].put("ada", 1)
    text = client.generate_latest(registry).decode()
    shown = {line.split("{")[0] for line in text.splitlines() if not line.startswith("#")}
    assert shown == {family.prometheus_name for family in every_family()}
    assert 'memguard_cache_puts_total{name="users",type="Cache"} 1.0' in text
    assert 'memguard_utility_health{name="db",type="Pool"} 0.0' in text


def test_registering_with_prometheus_reads_no_statistics() -> None:
    client = pytest.importorskip("prometheus_client")
    from pytest_memguard.runtime.metrics.prometheus import UtilityCollector

    class Unread:
        label = name = "unread"

        def statistics(self) -> Any:
            pytest.fail("read before anybody scraped")

    client.CollectorRegistry().register(UtilityCollector([Unread()]))


def test_opentelemetry_sees_every_family(utilities: list[Any]) -> None:
    pytest.importorskip("opentelemetry.sdk.metrics")
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    from pytest_memguard.runtime.metrics.opentelemetry import export_to

    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    export_to(provider.get_meter("test"), utilities)
    utilities[1].put("ada", 1)
    collected = reader.get_metrics_data()
    assert collected is not None
    metrics = {each.name: each for each in collected.resource_metrics[0].scope_metrics[0].metrics}
    assert set(metrics) == {family.opentelemetry_name for family in every_family()}
    (point,) = metrics["memguard.cache.puts"].data.data_points
    assert point.value == 1  # type: ignore[union-attr]
    assert point.attributes == {"name": "users", "type": "Cache"}
    assert metrics["memguard.buffers.leased"].unit == "1"
    provider.shutdown()


def test_the_dashboard_shows_every_exported_number_and_no_other() -> None:
    board = json.loads(DASHBOARD.read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    used = {name for expression in expressions for name in re.findall(r"memguard_\w+", expression)}
    assert used == {family.prometheus_name for family in every_family()}


def test_the_dashboard_takes_rates_of_counters_and_of_nothing_else() -> None:
    board = json.loads(DASHBOARD.read_text())
    counters = {family.prometheus_name for family in every_family() if family.kind is Kind.COUNTER}
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            rated = set(re.findall(r"rate\((memguard_\w+)", target["expr"]))
            assert rated == set(re.findall(r"memguard_\w+", target["expr"])) & counters


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_health_is_the_worst_of_all_and_ready_for_json(utilities: list[Any]) -> None:
    report = check_health(utilities)
    assert report.status is Status.OK
    lease = utilities[0].acquire()
    with pytest.warns(ResourceWarning):
        del lease
    report = check_health(utilities)
    assert report.status is Status.DEGRADED
    assert json.loads(json.dumps(report.as_dict()))["status"] == "DEGRADED"
    assert "Pool 'db': DEGRADED, 1 leases were dropped without a release" in str(report)


def test_a_circuit_that_is_open_is_failing_and_exported_as_two() -> None:
    breaker = CircuitBreaker("payments", failures=1)
    assert check_health([breaker]).status is Status.OK
    with pytest.raises(OSError, match="refused"), breaker.attempt():
        raise OSError("refused")
    assert check_health([breaker]).status is Status.FAILING
    assert value_of("state", breaker) == 2


def test_borrowers_that_wait_are_a_reason_to_look() -> None:
    with Pool(object, name="db", maximum=1) as pool:
        waiter = threading.Thread(target=lambda: pool.acquire().release())
        with pool.acquire():
            waiter.start()
            while not pool.statistics().waiting:
                waiter.join(0.001)
            assert str(health_of(pool)) == "Pool 'db': DEGRADED, 1 borrowers wait while 1 are out"
        waiter.join()


def test_health_of_nothing_is_ok() -> None:
    assert check_health([]).status is Status.OK


def test_all_that_are_alive_are_asked_by_default() -> None:
    cache = Cache[int, int](10, name="asked by default")
    assert cache.label in [part.label for part in check_health().parts]
