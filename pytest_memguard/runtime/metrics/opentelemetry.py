"""The utilities' numbers for OpenTelemetry, read when its reader collects.  Needs `opentelemetry-api`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..health import Utility
from .families import FAMILIES, HEALTH, Family, Kind
from .measuring import measure

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation

_UNITS = {"bytes": "By", "seconds": "s", "": "1"}


def export_to(meter: Meter, utilities: Iterable[Utility] | None = None) -> None:
    """Create an observable instrument on `meter` for each number: of these utilities, or of all that are alive.

    Call it once for a meter: OpenTelemetry has no way to take instruments back.
    """
    chosen = None if utilities is None else tuple(utilities)
    for family in (*(family for families in FAMILIES.values() for family in families), HEALTH):
        make = meter.create_observable_counter if family.kind is Kind.COUNTER else meter.create_observable_gauge
        make(
            family.opentelemetry_name,
            callbacks=[_observer(family, chosen)],
            unit=_UNITS[family.unit],
            description=family.help,
        )


def _observer(
    family: Family, utilities: tuple[Utility, ...] | None
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    from opentelemetry.metrics import Observation

    def observe(_: CallbackOptions) -> Iterable[Observation]:
        for measured in measure(utilities, only=family):
            for subject, value in measured.values:
                yield Observation(value, {"name": subject.name, "type": subject.type})

    return observe
