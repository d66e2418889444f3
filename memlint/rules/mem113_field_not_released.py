"""MEM113 field-not-released."""

from __future__ import annotations

from memlint.flow.owners import FieldFault, FieldLoss
from memlint.rules.fields import FieldRule


class FieldNotReleased(FieldRule):
    """A class has a method that releases its resources, and that method forgets one of them."""

    code = "MEM113"
    name = "field-not-released"
    summary = "A class has a method that releases its resources, and that method forgets one of them."
    fault = FieldFault.FORGOTTEN

    def message(self, loss: FieldLoss) -> str:
        """Names the field and who should release it."""
        return f"`{loss.field}` acquired here is not released by `{loss.closer}`"
