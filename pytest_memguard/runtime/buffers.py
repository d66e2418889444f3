"""Large buffers used again instead of allocated again.

A fresh buffer of a mebibyte or more costs page faults each time; a used one does not.  Below 64 KiB the
allocator is as fast, so those are not pooled.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from sys import _getframe

from .birthplace import birthplace
from .buffer_lease import BufferLease
from .errors import Closed, LeaseEnded, StillHeld
from .events import emit, hooks
from .health import Health, Status, watch
from .lease import Ending, register
from .origin import Origin, here
from .ownership import on_fork
from .slices import holders_of

SMALLEST_POOLED = 64 * 1024 + 1
"""In bytes: what is smaller is allocated afresh and not kept."""
_POISON = 0xDB


@dataclass(frozen=True, slots=True)
class BufferStatistics:
    """The counters of a buffer pool at one moment.  Sizes are in bytes, rounded up to size classes."""

    leased: int
    """Buffers handed out now."""
    leased_bytes: int
    peak_bytes: int
    """The most bytes ever handed out at once: the high-water mark."""
    idle: int
    idle_bytes: int
    max_idle_bytes: int
    quarantined: int
    """Buffers given back while somebody held a slice; they are used again when the slice has gone."""
    acquired: int
    reused: int
    allocated: int
    dropped: int
    """Leases that were garbage-collected without a release."""
    freed: int
    """Buffers let go because of `max_idle_bytes`, `trim` or `evict`."""


class BufferPool:
    """Writable buffers by size class, for threads; the loan is a `memoryview` that dies with its release.

    `max_idle_bytes` bounds what is kept unused.  Contents are those of the last user: `zero=True` clears a
    buffer when it comes back, `poison=True` (for tests) fills it and finds out who writes to it afterwards.

    >>> pool = BufferPool()
    >>> with pool.acquire(1 << 20) as view:
    ...     view[:5] = b"hello"
    >>> view[0]
    Traceback (most recent call last):
    ...
    ValueError: operation forbidden on released memoryview object
    """

    def __init__(
        self,
        *,
        max_idle_bytes: int = 256 * 1024 * 1024,
        zero: bool = False,
        poison: bool = False,
        name: str | None = None,
    ) -> None:
        if max_idle_bytes < 0:
            raise ValueError(f"max_idle_bytes is 0 or more, not {max_idle_bytes}")
        if zero and poison:
            raise ValueError("pass zero or poison, not both: a buffer has one content when it comes back")
        self._max_idle_bytes = max_idle_bytes
        self._fill = 0 if zero else _POISON if poison else None
        self._poison = poison
        self._created = birthplace()
        self._name = name
        # Re-entrant, because the collector may drop a lease inside our lock.  A loan of a buffer that is idle takes
        # it not: who pops a buffer off its shelf has it, and what is lent is what is owned and on no shelf.
        self._lock = threading.RLock()
        self._idle: dict[int, deque[bytearray]] = {}
        """The shelves, by size class."""
        self._quarantine: list[tuple[bytearray, Origin]] = []
        self._closed = False
        self._special = poison
        """Whether a loan needs more than to be popped: the pool is closed, checks poison, or keeps something apart."""
        self._owned = self._owned_bytes = self._peak_bytes = 0
        self._acquired = self._allocated = self._dropped = self._freed = 0
        self._unseen = 0
        """How many loans may begin before the high-water mark has to be looked at."""
        register(self)
        watch(self)
        on_fork(self)

    def after_fork_in_child(self) -> None:
        """Have a lock of its own in a forked child; the buffers are the child's own copies."""
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """The name given, or the line that made the pool."""
        return self._name or str(Origin(self._created))

    @property
    def label(self) -> str:
        """Kind and name, as reports say it."""
        return f"BufferPool {self.name!r}"

    def acquire(self, size: int) -> BufferLease:
        """Lend `size` bytes as a writable view, for a `with` block.  Raises `Closed` after `close()`.

        The release raises `StillHeld`, naming the holders, when a slice of the view is alive; the buffer is
        then kept apart until the slice has gone.  While an error passes through the block it does not raise:
        the error's own traceback may be what holds the slice.
        """
        wide = size
        idle = self._idle.get(size)
        if idle is None:
            wide = size_class(size)
            idle = self._idle.get(wide)
        if self._special:
            self._before_lending()
        try:
            buffer = idle.pop() if idle else self._allocate(wide)
        except IndexError:  # another thread was quicker
            buffer = self._allocate(wide)
        if self._special and self._poison:
            self._check_poison(buffer)
        self._acquired += 1
        if self._owned_bytes > self._peak_bytes:
            self._unseen -= 1
            if self._unseen < 0:
                self._note_peak()
        lease: BufferLease = BufferLease()
        lease._lender = self
        lease._value = memoryview(buffer) if size == wide else memoryview(buffer)[:size]
        caller = _getframe(1)
        lease._positions = (caller.f_code, caller.f_lasti)
        lease._held = True
        if hooks:
            emit(lease.event("acquired"))
        return lease

    def take_back(self, lease: BufferLease, view: memoryview, ending: Ending, /) -> None:
        """End a loan; called by the lease, exactly once."""
        buffer: bytearray = view.obj  # type: ignore[assignment]
        try:
            view.release()
            # Only a buffer without any view lets itself be resized, here by nothing (see `_allocate`).
            buffer.append(0)
            buffer.pop()
            free = True
        except BufferError:
            free = False
        if not free:
            self._keep_apart(lease, buffer, ending)
            return
        if self._fill is not None:
            _overwrite(buffer, self._fill)
        # Where all that is owned may be idle, one more certainly may.
        if ending == "released" and self._owned_bytes <= self._max_idle_bytes:
            idle = self._idle.get(len(buffer))
            if idle is not None:
                idle.append(buffer)
                if self._closed:  # just now
                    self.trim()
                return
        with self._lock:
            self._dropped += ending == "dropped"
            self._shelve(buffer)

    def _shelve(self, buffer: bytearray) -> None:
        """Keep a buffer for the next loan, or let go of it."""
        wide = len(buffer)
        idle = self._idle.get(wide)
        if idle is not None and self._idle_bytes + wide <= self._max_idle_bytes:
            idle.append(buffer)
        else:
            self._forget(wide)
            self._freed += idle is not None

    def _forget(self, wide: int) -> None:
        self._owned -= 1
        self._owned_bytes -= wide

    def _keep_apart(self, lease: BufferLease, buffer: bytearray, ending: Ending) -> None:
        """Take back a buffer that is seen through a slice still."""
        with self._lock:
            self._dropped += ending == "dropped"
            self._quarantine.append((buffer, lease.origin))
            self._special = True
        if ending == "released" and sys.exc_info()[0] is None:
            raise StillHeld(
                f"{lease!r} was given back at {Origin(here())} while parts of it are held: {holders_of(buffer)}. "
                "Copy what outlives the loan with bytes(...), or release the slices first."
            )

    @property
    def _idle_bytes(self) -> int:
        return sum(wide * len(idle) for wide, idle in list(self._idle.items()))

    @property
    def _leased_bytes(self) -> int:
        return self._owned_bytes - self._idle_bytes - sum(len(buffer) for buffer, _ in self._quarantine)

    @property
    def _leased(self) -> int:
        return self._owned - sum(map(len, list(self._idle.values()))) - len(self._quarantine)

    def _note_peak(self) -> None:
        with self._lock:
            leased = self._leased_bytes
            self._peak_bytes = max(self._peak_bytes, leased)
            # Not even loans of the widest class could lead to a new peak before so many have begun.
            self._unseen = (self._peak_bytes - leased) // max(self._idle, default=SMALLEST_POOLED)

    def _allocate(self, wide: int) -> bytearray:
        # One byte more at first: the buffer then has room for the byte that `take_back` appends.
        buffer = bytearray(wide + 1)
        buffer.pop()
        if self._poison:
            _overwrite(buffer, _POISON)
        with self._lock:
            if wide >= SMALLEST_POOLED and wide not in self._idle:
                self._idle[wide] = deque()
            self._allocated += 1
            self._owned += 1
            self._owned_bytes += wide
            self._unseen = 0
        return buffer

    def _before_lending(self) -> None:
        """Do what is rarely to be done; one flag keeps it off the common path."""
        if self._closed:
            raise Closed(f"{self.label} is closed; it was made at {Origin(self._created)}")
        with self._lock:
            self._free_quarantined()

    def _free_quarantined(self) -> None:
        held: list[tuple[bytearray, Origin]] = []
        apart, self._quarantine = self._quarantine, held
        for buffer, origin in apart:
            if _is_free(buffer):
                if self._fill is not None:
                    _overwrite(buffer, self._fill)
                self._shelve(buffer)
            else:
                held.append((buffer, origin))
        self._special = self._poison or self._closed or bool(held)

    def _check_poison(self, buffer: bytearray) -> None:
        if buffer.count(_POISON) != len(buffer):
            with self._lock:
                self._forget(len(buffer))
                self._freed += 1
            at = next(at for at, byte in enumerate(buffer) if byte != _POISON)
            raise LeaseEnded(
                f"a buffer of {len(buffer)} bytes of {self.label} was written to at offset {at} after its release; "
                "somebody keeps an address of it (an array or a C library)"
            )

    def trim(self, keep_bytes: int = 0) -> int:
        """Let go of idle buffers, the largest first, until at most `keep_bytes` are kept; returns bytes freed."""
        with self._lock:
            self._free_quarantined()
            kept = before = self._idle_bytes
            for wide in sorted(self._idle, reverse=True):
                buffers = self._idle[wide]
                while kept > keep_bytes and buffers:
                    try:
                        buffers.popleft()
                    except IndexError:  # a borrower was quicker
                        break
                    kept -= wide
                    self._forget(wide)
                    self._freed += 1
            return before - kept

    def evict(self, share: float) -> int:
        """Let go of `share` (0 to 1) of the idle bytes; returns bytes freed."""
        return self.trim(int(self._idle_bytes * (1 - share)))

    def outstanding(self) -> Iterator[BufferLease]:
        """The loans that have begun and not ended.

        They are looked up among the collector's objects, when there are any: no loan pays for a book.
        """
        if self._leased:
            for thing in gc.get_objects():
                if type(thing) is BufferLease and thing._lender is self and not thing.ended:
                    yield thing

    def close(self) -> None:
        """Let go of the idle buffers and lend no more.

        Raises `StillHeld`, naming each, when leases are outstanding; their buffers go when they end.
        """
        with self._lock:
            self._closed = self._special = True
            self._max_idle_bytes = 0
            self.trim()
        held = list(self.outstanding())
        if held:
            named = "; ".join(f"{lease.id} acquired at {lease.origin}" for lease in held)
            raise StillHeld(f"{self.label} was closed with {len(held)} buffers on loan: {named}")

    def __enter__(self) -> BufferPool:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            self.close()
        except StillHeld as held:
            if error is None:
                raise
            error.add_note(str(held))

    def statistics(self) -> BufferStatistics:
        """The counters of this moment."""
        with self._lock:
            self._free_quarantined()
            return BufferStatistics(
                leased=self._leased,
                leased_bytes=self._leased_bytes,
                peak_bytes=self._peak_bytes,
                idle=sum(map(len, self._idle.values())),
                idle_bytes=self._idle_bytes,
                max_idle_bytes=self._max_idle_bytes,
                quarantined=len(self._quarantine),
                acquired=self._acquired,
                reused=self._acquired - self._allocated,
                allocated=self._allocated,
                dropped=self._dropped,
                freed=self._freed,
            )

    def health(self) -> Health:
        """Degraded when slices outlive their loan, or loans were dropped."""
        now = self.statistics()
        if now.quarantined:
            lines = ", ".join(str(origin) for _, origin in self._quarantine)
            reason = f"{now.quarantined} buffers are kept apart because slices of them are held; lent at {lines}"
            return Health(self.label, Status.DEGRADED, reason)
        if now.dropped:
            return Health(self.label, Status.DEGRADED, f"{now.dropped} loans were dropped without a release")
        return Health(self.label, Status.OK, f"{now.leased} lent, {now.idle} idle")

    def __repr__(self) -> str:
        now = self.statistics()
        state = "closed, " if self._closed else ""
        return (
            f"<{self.label}: {state}{now.leased} lent ({now.leased_bytes} bytes), {now.idle} idle "
            f"({now.idle_bytes} bytes), high-water mark {now.peak_bytes} bytes>"
        )


def size_class(size: int) -> int:
    """Round up to the next size class: four for each doubling, so at most a fifth is not asked for.

    >>> size_class(1 << 20), size_class((1 << 20) + 1)
    (1048576, 1310720)
    """
    if size < SMALLEST_POOLED:
        if size < 0:
            raise ValueError(f"a buffer has 0 bytes or more, not {size}")
        return size
    step = 1 << ((size - 1).bit_length() - 3)
    return -(-size // step) * step


def _is_free(buffer: bytearray) -> bool:
    """Whether no view of the buffer is alive: only then does it let itself be resized."""
    try:
        buffer.append(0)
    except BufferError:
        return False
    buffer.pop()
    return True


def _overwrite(buffer: bytearray, byte: int) -> None:
    buffer[:] = bytes((byte,)) * len(buffer)
