"""Which line opens a descriptor that nothing tells of, such as one that C code opens: a run, traced line by line.

The lowest free number is asked for at each line of the project (0.5 µs): where it rises, the line before has taken a
number.  A traced run takes three times as long, so it is one more run of a test that is known to leave something.
"""

from __future__ import annotations

import os
import sys
from types import FrameType, TracebackType
from typing import Any

from .frames import Positions
from .origins import DEPTH, Place, place_of, positions
from .probes.descriptors import FOLDER, link_of
from .probes.kinds import kind_of


class Openings:
    """A block in which each line is watched for the descriptors that it opens and does not close."""

    def __init__(self) -> None:
        self.opened: dict[int, Positions] = {}
        self._dup = getattr(os.dup, "real", os.dup)  # not the guard's own, which would note every question
        self._spare = -1
        self._lowest = 0
        self._known: set[int] = set()
        self._line: tuple[FrameType, int] | None = None
        self._before: Any = None

    def __enter__(self) -> Openings:
        self._spare = os.open(os.devnull, os.O_RDONLY)
        self._lowest = self._free()
        self._known = self._numbers()
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        sys.settrace(self._before)
        self._line = None
        left = self._numbers() - self._known
        os.close(self._spare)
        self.opened = {number: where for number, where in self.opened.items() if number in left}

    def by_kind(self) -> dict[str, list[Positions]]:
        """After the block: where what is still open was opened, by the kind that it is."""
        places: dict[str, list[Positions]] = {}
        for number, where in self.opened.items():
            places.setdefault(kind_of(link_of(number)), []).append(where)
        return places

    def _free(self) -> int:
        number: int = self._dup(self._spare)
        os.close(number)
        return number

    def _numbers(self) -> set[int]:
        """What is open, without the number that the listing takes for itself."""
        own = self._free()
        return {int(number) for number in os.listdir(FOLDER)} - {own}

    def _called(self, frame: FrameType, _event: str, _argument: object) -> Any:
        return self._stepped if place_of(frame.f_code.co_filename) is Place.PROJECT else None

    def _stepped(self, frame: FrameType, _event: str, _argument: object) -> Any:
        lowest = self._free()
        if lowest != self._lowest:
            self._changed(lowest)
        self._line = frame, frame.f_lasti
        return self._stepped

    def _changed(self, lowest: int) -> None:
        """Note the numbers that the last line has taken, or that one was given back."""
        if lowest < self._lowest:
            self.opened.pop(lowest, None)
            self._known.discard(lowest)
        elif self._line is not None:
            frame, offset = self._line
            where = (frame.f_code, offset, *positions(frame.f_back, DEPTH - 1))
            for number in range(self._lowest, lowest):
                if number not in self._known:
                    self.opened.setdefault(number, where)
        self._lowest = lowest
