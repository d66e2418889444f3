"""Who holds a value, so that it is closed once and never under somebody's hands."""

from __future__ import annotations


class Holding:
    """One value that a cache owns, and how many entries and borrowers hold it."""

    __slots__ = ("count", "owned", "value")

    def __init__(self, value: object) -> None:
        self.value = value
        self.count = 0
        self.owned = True


class Holders:
    """The values that a cache owns, by identity.

    An object put under two keys is closed when both have gone; one that is borrowed is closed when the last
    borrower is done.  A value that was taken out is disowned: whoever held it then cannot close it any more,
    even if it is put back in the meantime.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[int, Holding] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, value: object) -> Holding:
        """Count one holder more of the value."""
        holding = self._held.get(id(value))
        if holding is None:
            holding = self._held[id(value)] = Holding(value)
        holding.count += 1
        return holding

    def let_go(self, holding: Holding) -> bool:
        """Count one holder less; true when the value is to be closed now."""
        holding.count -= 1
        if holding.count or not holding.owned:
            return False
        del self._held[id(holding.value)]
        return True

    def disown(self, holding: Holding) -> None:
        """Leave the value to whoever has it now."""
        if holding.owned:
            holding.owned = False
            del self._held[id(holding.value)]
