"""One rule, one module; ``RULES`` says what is what."""

from __future__ import annotations

from memlint.rules.rule import Default, Rule

RULES: tuple[Rule, ...] = ()

__all__ = ["RULES", "Default", "Rule"]
