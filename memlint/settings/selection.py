"""Which rules run: the default set, what the user adds and what the user leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memlint.findings import Default
from memlint.settings.model import Settings
from memlint.settings.problems import SettingsError, meant
from memlint.source.codes import UNPARSABLE, UNUSED
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from memlint.rules import Rule

TOOL = "MEM"
"""As a selector: the default set."""
EVERYTHING = "ALL"
"""As a selector: every rule but previews."""


def check_selectors(selectors: Iterable[str], codes: Sequence[str] | None, place: str) -> None:
    """Refuse a selector that names no rule; without ``codes`` none is refused.

    Raises:
        SettingsError: naming the selector and ``place``.
    """
    if codes is None:
        return
    for selector in selectors:
        speaks = selector.startswith(TOOL) and any(code.startswith(selector) for code in (UNPARSABLE, UNUSED, *codes))
        if speaks or selector == EVERYTHING:
            continue
        known = codes if len(selector) > 4 else sorted({code[:4] for code in codes})
        hint = meant(selector.upper().replace("-00", ""), known) or "; `memlint rules` lists them"
        raise SettingsError(f"{place}: no rule `{selector}`{hint}")


class Selection:
    """Answers which rules are on, by the longest selector that speaks of each.

    A rule is on when the longest selector that selects it is longer than the longest that ignores it.
    ``MEM`` and the absence of ``select`` mean the default set; ``ALL`` or a longer prefix switch on rules
    that are off by default; previews need ``preview`` or their own full code.
    """

    def __init__(self, settings: Settings, rules: Iterable[Rule]) -> None:
        self._selected = ((TOOL,) if settings.select is None else settings.select) + settings.extend_select
        self._ignored = settings.ignore + settings.extend_ignore
        self._preview = settings.preview
        self._rules = tuple(rules)

    def rules(self) -> tuple[Rule, ...]:
        """The rules that are on, in their own order."""
        return tuple(rule for rule in self._rules if self._on(rule.code, rule.default))

    def reports_unparsable(self) -> bool:
        """Whether a file that cannot be analysed is reported."""
        return self._on(UNPARSABLE, Default.ON)

    def reports_unused(self) -> bool:
        """Whether a suppression that silences nothing is reported."""
        return self._on(UNUSED, Default.OFF)

    def only_previews(self) -> tuple[str, ...]:
        """Selectors that name nothing but previews while previews are off: the user should be told."""
        if self._preview:
            return ()
        found = []
        for selector in self._selected:
            named = [rule for rule in self._rules if rule.code.startswith(selector)]
            if named and all(r.default is Default.PREVIEW and r.code != selector for r in named):
                found.append(selector)
        return tuple(found)

    def _on(self, code: str, default: Default) -> bool:
        weights = [self._weight(selector, code, default) for selector in self._selected]
        selected = max(weights, default=0)
        ignored = max((len(s) for s in self._ignored if code.startswith(s)), default=0)
        if EVERYTHING in self._ignored:
            ignored = max(ignored, 1)
        return selected > ignored

    def _weight(self, selector: str, code: str, default: Default) -> int:
        """How strongly ``selector`` asks for ``code``: its length, or 0 when it does not."""
        if selector == code:
            return len(selector)
        if default is Default.PREVIEW and not self._preview:
            return 0
        if selector == EVERYTHING:
            return 1
        if not code.startswith(selector):
            return 0
        if len(selector) <= len(TOOL) and default is Default.OFF:
            return 0
        return len(selector)
