"""How much memory this process uses, and how much it may use, by the system's own files."""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

_UNLIMITED = 1 << 60
"""Control groups of version 1 say "no limit" with a number near 2**63."""


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """One look at the memory, in bytes."""

    rss: int
    """Resident: what this process occupies."""
    heap: int
    """Private and writable: the heap, the stacks and anonymous mappings, resident or not; 0 where unknown."""
    used: int
    """What counts against the limit: of the whole control group where that sets the limit, else `rss`."""
    limit: int
    """The least of the limits that hold: control group, machine."""
    source: str
    """What set the limit: "cgroup v2", "cgroup v1" or "machine"."""

    @property
    def ratio(self) -> float:
        """Used by limit."""
        return self.used / self.limit


@dataclass(frozen=True, slots=True)
class _Group:
    """A control group that limits memory."""

    limit: int
    used: int
    source: str


def read_memory(root: Path = Path("/")) -> MemoryReading:
    """Look at the memory of this process.

    `root` is where `proc` and `sys` are found.  Without them (not on Linux) `rss` is the highest there ever was
    and the limit is the machine's.

    >>> reading = read_memory()
    >>> 0 < reading.rss <= reading.limit
    True
    """
    rss, heap = _process(root)
    machine = _machine(root)
    group = _tightest(root)
    if group is not None and group.limit < machine:
        return MemoryReading(rss, heap, max(group.used, rss), group.limit, group.source)
    return MemoryReading(rss, heap, rss, machine, "machine")


def _process(root: Path) -> tuple[int, int]:
    """Resident and private writable bytes."""
    try:
        pages = (root / "proc/self/statm").read_text().split()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, 0
    size = os.sysconf("SC_PAGE_SIZE")
    return int(pages[1]) * size, int(pages[5]) * size


def _machine(root: Path) -> int:
    try:
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _tightest(root: Path) -> _Group | None:
    """The control group with the lowest limit, from this process's own up to the top."""
    groups = [group for folder, version in _folders(root) if (group := _group(folder, version)) is not None]
    return min(groups, key=lambda group: group.limit, default=None)


def _folders(root: Path) -> list[tuple[Path, int]]:
    """Where the groups of this process would be, and the version of their files."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found: list[tuple[Path, int]] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            top, version = root / "sys/fs/cgroup", 2
        elif "memory" in controllers.split(","):
            top, version = root / "sys/fs/cgroup/memory", 1
        else:
            continue
        # In a container the path may be the host's, which is not mounted: the top is then the own group.
        own = top / path.lstrip("/")
        found += [(folder, version) for folder in (own, *own.parents) if folder == top or top in folder.parents]
    return found


def _group(folder: Path, version: int) -> _Group | None:
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    try:
        limit = (folder / names[0]).read_text().strip()
        used = int((folder / names[1]).read_text())
    except (OSError, ValueError):
        return None
    if limit == "max" or int(limit) >= _UNLIMITED:
        return None
    # Cached file pages can be given up at once and do not press anybody.
    return _Group(int(limit), max(0, used - _inactive_file(folder)), f"cgroup v{version}")


def _inactive_file(folder: Path) -> int:
    try:
        for line in (folder / "memory.stat").read_text().splitlines():
            name, _, value = line.partition(" ")
            if name in {"inactive_file", "total_inactive_file"}:
                return int(value)
    except (OSError, ValueError):
        pass
    return 0
