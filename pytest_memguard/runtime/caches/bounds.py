"""How much a cache may hold, and how a value is weighed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from .weights import size_in_bytes

Weigh: TypeAlias = Callable[[Any, Any], int]
"""Takes a key and its value, returns their weight: a whole number, 0 or more."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of a cache: a number of items, a weight in bytes or tokens, or both."""

    max_items: int | None
    max_weight: int | None
    unit: str
    weigh: Weigh | None
    """None where every entry weighs 1."""

    @classmethod
    def of(
        cls,
        max_items: int | None,
        max_bytes: int | None,
        max_tokens: int | None,
        weigh: Weigh | None,
    ) -> Bounds:
        """Check the arguments of a cache; raises `ValueError` that says what to pass instead."""
        for word, bound in (("max_items", max_items), ("max_bytes", max_bytes), ("max_tokens", max_tokens)):
            if bound is not None and bound < 1:
                raise ValueError(f"{word} must be at least 1, not {bound}; a cache of nothing needs no cache")
        if max_bytes is not None and max_tokens is not None:
            raise ValueError("pass max_bytes or max_tokens, not both: an entry has one weight")
        if max_items is None and max_bytes is None and max_tokens is None:
            raise ValueError("a cache needs a bound: pass max_items, max_bytes or max_tokens")
        if max_tokens is not None and weigh is None:
            raise ValueError("max_tokens needs weigh=, a function of (key, value) that counts tokens")
        if max_bytes is not None:
            return cls(max_items, max_bytes, "bytes", weigh or size_in_bytes)
        if max_tokens is not None:
            return cls(max_items, max_tokens, "tokens", weigh)
        if weigh is not None:
            raise ValueError("weigh= needs a bound to compare with: pass max_bytes or max_tokens")
        return cls(max_items, None, "items", None)

    def weight_of(self, key: object, value: object) -> int:
        """Weigh one entry; raises `ValueError` when the function answers nonsense."""
        if self.weigh is None:
            return 1
        weight = self.weigh(key, value)
        if weight < 0:
            raise ValueError(f"weigh({key!r}, ...) returned {weight}; a weight is 0 or more")
        return weight
