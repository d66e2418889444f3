"""Memory shared by name between processes, which lives until its owner says otherwise.

`multiprocessing.shared_memory` hands every attached block to a resource tracker that destroys it when *any*
of the processes exits (CPython issue 82300; `track=False` exists from 3.13 on).  Here no tracker is told: one
process owns a block and removes it, the others come and go.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import secrets
import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from .birthplace import birthplace
from .errors import Closed, MemguardError, StillHeld
from .origin import Origin
from .slices import holders_of

_PREFIX: Final = "memguard"
_OURS: Final = re.compile(rf"{_PREFIX}-(\d+)-[0-9a-f]+")
_FOLDER: Final = Path("/dev/shm")


class BlockExists(MemguardError, FileExistsError):
    """A block of that name is there already."""


class NoSuchBlock(MemguardError, FileNotFoundError):
    """No block of that name is there: never made, or removed by its owner."""


class NotOwner(MemguardError):
    """A block was to be removed by a process that does not own it."""


@dataclass(frozen=True, slots=True)
class BlockStatistics:
    """What this process has of a block."""

    size: int
    """In bytes."""
    owned: bool
    """Whether it removes the block."""
    mapped: bool
    """Whether it is attached still."""


class SharedBlock:
    """A block of shared memory: `create` makes and owns one, `attach` joins one by name.

    >>> with SharedBlock.create(4096) as mine:
    ...     with SharedBlock.attach(mine.name) as theirs:
    ...         theirs.view[:5] = b"hello"
    ...     bytes(mine.view[:5])
    b'hello'
    """

    __slots__ = ("__weakref__", "_created", "_map", "_owner_pid", "_view", "name", "size")

    def __init__(self, name: str, mapping: mmap.mmap, owns: bool) -> None:
        self.name = name
        """By which other processes attach."""
        self.size = len(mapping)
        """In bytes; whole pages on some platforms."""
        self._map: mmap.mmap | None = mapping
        self._view = memoryview(mapping)
        self._owner_pid = os.getpid() if owns else None
        self._created = birthplace()

    @classmethod
    def create(cls, size: int, name: str | None = None) -> SharedBlock:
        """Make a block of `size` zero bytes and own it.

        Raises `BlockExists` when the name is taken, and `ValueError` for a size below 1.
        """
        if size < 1:
            raise ValueError(f"a block has 1 byte or more, not {size}")
        chosen = name or f"{_PREFIX}-{os.getpid()}-{secrets.token_hex(6)}"
        try:
            descriptor = _open(chosen, os.O_CREAT | os.O_EXCL | os.O_RDWR)
        except FileExistsError:
            raise BlockExists(
                f"a shared block {chosen!r} exists already: attach to it, or choose another name"
            ) from None
        try:
            os.ftruncate(descriptor, size)
            return cls(chosen, mmap.mmap(descriptor, size), owns=True)
        except BaseException:
            _unlink(chosen)
            raise
        finally:
            os.close(descriptor)

    @classmethod
    def attach(cls, name: str, *, own: bool = False) -> SharedBlock:
        """Join the block of that name; with `own`, take over its removal (see `disown`).

        Raises `NoSuchBlock` when there is none.
        """
        try:
            descriptor = _open(name, os.O_RDWR)
        except FileNotFoundError:
            raise NoSuchBlock(f"no shared block {name!r}: its owner has not made it yet, or has removed it") from None
        try:
            return cls(name, mmap.mmap(descriptor, os.fstat(descriptor).st_size), owns=own)
        finally:
            os.close(descriptor)

    @property
    def view(self) -> memoryview:
        """The bytes, writable.  Raises `Closed` after `close()`; slices of it must be gone by then."""
        if self._map is None:
            raise Closed(f"{self!r} was closed; it was made at {Origin(self._created)}")
        return self._view

    @property
    def owned(self) -> bool:
        """Whether this object, in this process, removes the block."""
        return self._owner_pid == os.getpid()

    def statistics(self) -> BlockStatistics:
        """What this process has of the block."""
        return BlockStatistics(self.size, self.owned, self._map is not None)

    def disown(self) -> str:
        """Leave the removal to another process, which attaches with `own=True`; returns the name."""
        self._owner_pid = None
        return self.name

    def unlink(self) -> None:
        """Remove the name: nobody attaches from now on, and the memory goes with the last who is attached.

        Raises `NotOwner` in a process that does not own the block.
        """
        if not self.owned:
            raise NotOwner(f"{self!r} is not owned here: its owner removes it, or disowns it to you")
        self._owner_pid = None
        _unlink(self.name)

    def close(self) -> None:
        """Leave the block, and remove it if it is owned; a second call does nothing.

        Raises `StillHeld`, naming the holders, and changes nothing while slices of the view are alive.
        """
        if self._map is None:
            return
        self._view.release()
        try:
            self._map.close()
        except BufferError:
            holders = holders_of(self._map)
            self._view = memoryview(self._map)
            raise StillHeld(f"{self!r} cannot be closed while parts of it are held: {holders}") from None
        self._map = None
        if self.owned:
            self.unlink()

    def __enter__(self) -> SharedBlock:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            self.close()
        except StillHeld as held:
            if self.owned:
                self.unlink()
            if error is None:
                raise
            error.add_note(str(held))

    def __repr__(self) -> str:
        state = "closed" if self._map is None else f"{self.size} bytes"
        return f"<SharedBlock {self.name!r}: {state}, {'owned here' if self.owned else 'attached'}>"

    def __del__(self) -> None:
        if getattr(self, "_map", None) is None or not self.owned:
            return
        self.unlink()
        warnings.warn(
            f"the owner of shared block {self.name!r}, made at {Origin(self._created)}, was dropped without close(); "
            "the block was removed now. Use it in a `with` block, or disown() it.",
            ResourceWarning,
            source=self,
            stacklevel=2,
        )


def orphans() -> list[str]:
    """The names of blocks whose owner died without removing them (killed, or out of memory).

    Only blocks that were not given a name of their own, and only where shared memory is a folder (Linux).
    """
    if not _FOLDER.is_dir():
        return []
    found = []
    for entry in _FOLDER.iterdir():
        match = _OURS.fullmatch(entry.name)
        if match and not _alive(int(match[1])):
            found.append(entry.name)
    return sorted(found)


def remove_orphans() -> list[str]:
    """Remove them; returns their names."""
    names = orphans()
    for name in names:
        _unlink(name)
    return names


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _open(name: str, flags: int) -> int:
    descriptor: int = _shm().shm_open("/" + name, flags, mode=0o600)
    return descriptor


def _unlink(name: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # somebody was quicker: gone is gone
        _shm().shm_unlink("/" + name)


def _shm() -> Any:
    """The module under `multiprocessing.shared_memory`: the same two calls, and no tracker."""
    try:
        return import_module("_posixshmem")
    except ImportError:
        raise NotImplementedError("this platform has no POSIX shared memory, which SharedBlock needs") from None
