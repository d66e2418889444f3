"""Which line made a utility: what it is called by when nobody gave it a name."""

from __future__ import annotations

import os
import typing
from sys import _getframe
from types import FrameType

from .origin import Positions


def birthplace() -> Positions:
    """Take the position of the line that constructs, outside this package.

    `typing` is passed over too: it stands between in `Cache[int, str](9)`.
    """
    frame: FrameType | None = _getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        frame = frame.f_back
    return () if frame is None else (frame.f_code, frame.f_lasti)


_BETWEEN = (os.path.dirname(birthplace.__code__.co_filename) + os.sep, typing.__file__)
