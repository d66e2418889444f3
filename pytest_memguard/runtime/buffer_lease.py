"""The loan of a buffer: as much of a lease as a few hundred nanoseconds allow."""

from __future__ import annotations

from sys import _getframe
from types import FrameType

from .errors import LeaseEnded
from .events import emit, hooks
from .lease import BaseLease, next_id


class BufferLease(BaseLease[memoryview]):
    """A buffer on loan; its value is a writable view that dies with the release."""

    __slots__ = ("_number",)

    kind = "buffer"

    # Not the parent's: one position instead of eight, a number only when somebody asks for it, and the presence of
    # the value for a token, since a loan must not cost more than what it saves.  The pool fills it in.
    __init__ = object.__init__

    @property
    def id(self) -> int:  # type: ignore[override]
        """Unique in the process; numbered when first asked for."""
        try:
            return self._number
        except AttributeError:
            self._number: int = next_id()
            return self._number

    def release(self) -> None:
        """Give the buffer back.

        Raises `LeaseEnded` when that was done before, and `StillHeld`, naming the holders, when a slice of
        the view is alive.
        """
        self._lender.take_back(self, self._end(_getframe(1)), "released")

    def _end(self, frame: FrameType | None) -> memoryview:
        try:
            view: memoryview = self._value
            del self._value
        except AttributeError:
            raise LeaseEnded(self._complaint("released a second time")) from None
        self._held = False
        self._released = () if frame is None else (frame.f_code, frame.f_lasti)
        if hooks:
            emit(self.event("released"))
        return view

    def _drop(self) -> memoryview:
        self._held = False
        view: memoryview = self._value
        del self._value
        return view

    def __enter__(self) -> memoryview:
        return self.value

    def __exit__(self, *_: object) -> None:
        if self._held:
            self._lender.take_back(self, self._end(_getframe(1)), "released")

    def __del__(self) -> None:
        if self._held:
            self._lender.take_back(self, self._drop(), "dropped")
            self._warn_dropped()
