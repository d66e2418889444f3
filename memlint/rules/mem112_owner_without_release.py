"""MEM112 owner-without-release."""

from __future__ import annotations

from memlint.flow.owners import FieldFault, FieldLoss
from memlint.rules.fields import FieldRule


class OwnerWithoutRelease(FieldRule):
    """A class keeps a resource on its instances and none of its methods releases it."""

    code = "MEM112"
    name = "owner-without-release"
    summary = "A class keeps a resource on its instances and none of its methods releases it."
    fault = FieldFault.UNRELEASED

    def message(self, loss: FieldLoss) -> str:
        """Names the field and who should release it."""
        return f"`{loss.field}` acquired here is released by no method of `{loss.owner}`"
