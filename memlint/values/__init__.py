"""Values as ``dataclasses`` makes them, for what every run imports; ``light`` says why and how.

A type checker reads the real ones.  So it does where a module asks this one for ``TYPE_CHECKING``, which spares it the
import of ``typing``.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    from memlint.values.light import dataclass, field, replace

__all__ = ["TYPE_CHECKING", "dataclass", "field", "replace"]
