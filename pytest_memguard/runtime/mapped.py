"""Large files read and written through windows, so that memory stays constant."""

from __future__ import annotations

import mmap
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .birthplace import birthplace
from .errors import Closed, StillHeld
from .lease import Book, Ending, Lease, register
from .origin import Origin, here, snapshot
from .ownership import on_fork
from .slices import holders_of

Mode = Literal["read", "write", "copy"]
_ACCESS = {"read": mmap.ACCESS_READ, "write": mmap.ACCESS_WRITE, "copy": mmap.ACCESS_COPY}


@dataclass(frozen=True, slots=True)
class MappedStatistics:
    """What of a file is mapped, and how often it was."""

    size: int
    """Of the file, in bytes."""
    windows: int
    """Open now."""
    held: int
    """Mappings whose window has ended and which a slice keeps alive."""
    mapped_bytes: int
    """Address space of all mappings that are alive."""
    opened: int
    """Windows that were ever opened."""
    dropped: int
    """Windows that were garbage-collected without a release."""


class MappedFile:
    """A file whose parts are mapped into memory on loan, one window each.

    Modes: `read`; `write`, which changes the file; `copy`, in which a window can be changed and the file does
    not see it (the changes go with the window).  `size` creates the file, or grows it, to that many bytes.

    Only this object keeps the file open.  If somebody else truncates it under an open window, touching the lost
    part kills the process (SIGBUS): that is how memory mapping works everywhere.

    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "big")
    >>> with MappedFile(path, "write", size=1 << 20) as file:
    ...     with file.window(4000, 5) as view:
    ...         view[:] = b"hello"
    >>> with MappedFile(path) as file, file.window(4000, 5) as view:
    ...     bytes(view)
    b'hello'
    """

    def __init__(self, path: str | os.PathLike[str], mode: Mode = "read", *, size: int | None = None) -> None:
        if mode not in _ACCESS:
            raise ValueError(f"no mode {mode!r}; there are {', '.join(_ACCESS)}")
        if size is not None and mode != "write":
            raise ValueError(f"size= is for mode 'write'; a file mapped to {mode} keeps its size")
        self._path = os.fspath(path)
        self._mode = mode
        self._created = birthplace()
        self._lock = threading.RLock()
        self._book = Book()
        self._opened = self._dropped = 0
        self._maps: dict[int, mmap.mmap] = {}
        """By the identity of the view lent out."""
        flags = os.O_RDWR | (os.O_CREAT if size is not None else 0) if mode == "write" else os.O_RDONLY
        self._descriptor = os.open(self._path, flags | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            self._size = os.fstat(self._descriptor).st_size
            if size is not None and size > self._size:
                self.grow(size)
        except BaseException:
            os.close(self._descriptor)
            self._descriptor = -1
            raise
        register(self)
        on_fork(self)

    def after_fork_in_child(self) -> None:
        """Have a lock of its own in a forked child; descriptor and windows are the child's own copies."""
        self._lock = threading.RLock()

    @property
    def label(self) -> str:
        """Kind and path, as reports say it."""
        return f"MappedFile {self._path!r}"

    @property
    def closed(self) -> bool:
        """Whether `close` has succeeded."""
        return self._descriptor < 0

    def __len__(self) -> int:
        return self._size

    def window(self, offset: int = 0, length: int | None = None) -> Lease[memoryview]:
        """Lend `length` bytes from `offset` on (to the end, by default) as a view, for a `with` block.

        The offset is free: the mapping begins at the page before.  Raises `ValueError` for what is outside
        the file, `Closed` after `close()`; the release raises `StillHeld`, naming the holders, when a slice
        of the view is alive.
        """
        if length is None:
            length = self._size - offset
        if offset < 0 or length < 0 or offset + length > self._size:
            raise ValueError(f"bytes {offset} to {offset + length} are not in {self.label}, which has {self._size}")
        with self._lock:
            self._refuse_if_closed()
            if length:
                start = offset - offset % mmap.ALLOCATIONGRANULARITY
                mapping = mmap.mmap(self._descriptor, offset + length - start, access=_ACCESS[self._mode], offset=start)
                view = memoryview(mapping)[offset - start :]
                self._maps[id(view)] = mapping
            else:
                view = memoryview(b"")  # a mapping of nothing is an error everywhere
            lease = Lease(self, view, "window", snapshot())
            self._book.enter(lease)
            self._opened += 1
            return lease

    def windows(self, length: int, offset: int = 0) -> Iterator[tuple[int, memoryview]]:
        """Yield `(offset, view)` for one window after the other, each gone before the next comes.

        The last one is as long as what is left.
        """
        if length < 1:
            raise ValueError(f"a window has 1 byte or more, not {length}")
        while offset < self._size:
            with self.window(offset, min(length, self._size - offset)) as view:
                yield offset, view
            offset += length

    def take_back(self, lease: Lease[memoryview], view: memoryview, ending: Ending, /) -> None:
        """End a loan; called by the lease, exactly once."""
        with self._lock:
            self._book.strike(lease)
            self._dropped += ending == "dropped"
            mapping = self._maps.get(id(view))
            view_id = id(view)
            try:
                view.release()
                if mapping is not None:
                    mapping.close()
                self._maps.pop(view_id, None)
                return
            except BufferError:
                # The mapping stays until the last slice has gone; `close` looks again.
                if mapping is not None:
                    self._maps[id(mapping)] = self._maps.pop(view_id)
        if ending == "released" and sys.exc_info()[0] is None:
            raise StillHeld(
                f"{lease!r} was given back at {Origin(here())} while parts of it are held: {holders_of(mapping)}. "
                "Copy what outlives the window with bytes(...), or release the slices first."
            )

    def grow(self, size: int) -> None:
        """Make the file `size` bytes long, with zeros; open windows are not affected.

        Raises `ValueError` when that would shorten it, or when the mode is not `write`.
        """
        if self._mode != "write":
            raise ValueError(f"{self.label} is mapped to {self._mode} and cannot grow")
        with self._lock:
            self._refuse_if_closed()
            if size < self._size:
                raise ValueError(f"{self.label} has {self._size} bytes and cannot grow to {size}")
            os.ftruncate(self._descriptor, size)
            self._size = size

    def flush(self) -> None:
        """Write what was changed to the disk, and wait for it: open windows and those already given back."""
        with self._lock:
            self._refuse_if_closed()
            if self._mode == "write":
                for mapping in self._maps.values():
                    mapping.flush()
                os.fsync(self._descriptor)

    def outstanding(self) -> Iterator[Lease[memoryview]]:
        """The windows that are open, by lease."""
        return iter(self._book)

    def close(self) -> None:
        """Close the file; a second call does nothing.

        Raises `StillHeld` and leaves everything as it is while windows are open or slices of them alive.
        """
        with self._lock:
            if self.closed:
                return
            held = [f"window {lease.id} opened at {lease.origin}" for lease in self.outstanding()]
            if not held:
                held = [f"a slice {holders_of(mapping)}" for mapping in self._unclosable()]
            if held:
                raise StillHeld(f"{self.label} cannot be closed: {'; '.join(held)}. Leave their `with` blocks first.")
            os.close(self._descriptor)
            self._descriptor = -1

    def _unclosable(self) -> list[mmap.mmap]:
        held = []
        for key, mapping in list(self._maps.items()):
            try:
                mapping.close()
                del self._maps[key]
            except BufferError:
                held.append(mapping)
        return held

    def _refuse_if_closed(self) -> None:
        if self.closed:
            raise Closed(f"{self.label} is closed; it was opened at {Origin(self._created)}")

    def __enter__(self) -> MappedFile:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            self.close()
        except StillHeld as held:
            if error is None:
                raise
            error.add_note(str(held))

    def statistics(self) -> MappedStatistics:
        """What is mapped now, and how often it was."""
        with self._lock:
            windows = len(self._book)
            maps = [mapping for mapping in self._maps.values() if not mapping.closed]
            return MappedStatistics(
                size=self._size,
                windows=windows,
                held=max(0, len(maps) - windows),
                mapped_bytes=sum(map(len, maps)),
                opened=self._opened,
                dropped=self._dropped,
            )

    def __repr__(self) -> str:
        now = self.statistics()
        state = "closed" if self.closed else f"{now.size} bytes, {now.windows} windows open, {now.mapped_bytes} mapped"
        return f"<{self.label}: {self._mode}, {state}>"

    def __del__(self) -> None:
        descriptor: Any = getattr(self, "_descriptor", -1)
        if descriptor >= 0:
            os.close(descriptor)
            self._descriptor = -1
            warnings.warn(
                f"{self.label} was dropped open; it was opened at {Origin(self._created)}. Use it in a `with` block.",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
