"""What is said when a catalogue is wrong: the file, the entry, the key and the cure."""

from __future__ import annotations

from collections.abc import Iterable

from memlint.trouble import Trouble


class CatalogueError(Trouble, ValueError):
    """A catalogue that cannot be used; the message names the file, the entry and the key."""

    def __init__(self, origin: str, entry: str, problem: str) -> None:
        super().__init__(f"{origin}: {entry}: {problem}" if entry else f"{origin}: {problem}")
        self.origin = origin
        self.entry = entry
        self.problem = problem


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A clause that proposes the nearest known word, or lists them all when none is near."""
    import difflib  # late: only a mistake needs it

    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if len(choices) > 20:
        return "no known name is near it"
    return "known are " + ", ".join(choices)
