"""The utilities' numbers, for whoever scrapes: plain integers that are read then and cost nothing before.

`prometheus` and `opentelemetry` are the exporters; each needs its library, this package needs none.
"""

from __future__ import annotations

from .families import FAMILIES, HEALTH, Family, Kind
from .measuring import Measured, Subject, measure

__all__ = ["FAMILIES", "HEALTH", "Family", "Kind", "Measured", "Subject", "measure"]
