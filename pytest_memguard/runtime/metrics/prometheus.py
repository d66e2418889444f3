"""The utilities' numbers for Prometheus, read when it scrapes.  Needs the `prometheus` extra."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..health import Utility
from .families import FAMILIES, HEALTH, Family, Kind
from .measuring import measure

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
else:
    Collector = object  # a registry asks for the two methods only, and this module loads without the library

_LABELS = ("name", "type")


class UtilityCollector(Collector):
    """A collector to register with a `CollectorRegistry`: of these utilities, or of all that are alive at each scrape.

    >>> from prometheus_client import CollectorRegistry, generate_latest
    >>> from pytest_memguard.runtime import Cache
    >>> registry = CollectorRegistry()
    >>> registry.register(UtilityCollector())
    >>> cache = Cache(max_items=10, name="shown")
    >>> 'memguard_cache_items{name="shown",type="Cache"} 0.0' in generate_latest(registry).decode()
    True
    """

    def __init__(self, utilities: Iterable[Utility] | None = None) -> None:
        self._utilities = None if utilities is None else tuple(utilities)

    def describe(self) -> Iterator[Metric]:
        """The families without values: registering reads no statistics."""
        for families in (*FAMILIES.values(), (HEALTH,)):
            yield from map(_metric, families)

    def collect(self) -> Iterator[Metric]:
        """The families with the numbers of this moment."""
        for measured in measure(self._utilities):
            metric = _metric(measured.family)
            for subject, value in measured.values:
                metric.add_metric((subject.name, subject.type), value)
            yield metric


def _metric(family: Family) -> CounterMetricFamily | GaugeMetricFamily:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    if family.kind is Kind.COUNTER:
        return CounterMetricFamily(family.prometheus_name, family.help, labels=_LABELS)
    return GaugeMetricFamily(family.prometheus_name, family.help, labels=_LABELS)
