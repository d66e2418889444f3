"""How a wrong setting is told: what is wrong, where, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from memlint.trouble import Trouble


class SettingsError(Trouble):
    """A setting that cannot be used; its text is one line that names the thing, the place and the cure."""


def meant(word: str, known: Iterable[str]) -> str:
    """The end of an error line that suggests the closest known word, or nothing when none is close."""
    import difflib  # late: only a mistake needs it

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""
