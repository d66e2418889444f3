"""The limit is the lowest that holds for this process, wherever its control group is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_memguard.runtime.readings import read_memory

PAGE = os.sysconf("SC_PAGE_SIZE")
GIB = 1 << 30


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine of 8 GiB where this process occupies 100 pages and no control group says anything."""
    write(tmp_path, "proc/self/statm", "900 100 50 1 0 300 0\n")
    write(tmp_path, "proc/meminfo", f"MemTotal:       {8 * GIB // 1024} kB\nMemFree:  1 kB\n")
    return tmp_path


def write(root: Path, path: str, text: object) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(text))


def test_without_a_control_group_the_machine_is_the_limit(root: Path) -> None:
    reading = read_memory(root)
    assert (reading.rss, reading.heap, reading.used) == (100 * PAGE, 300 * PAGE, 100 * PAGE)
    assert (reading.limit, reading.source) == (8 * GIB, "machine")
    assert reading.ratio == 100 * PAGE / (8 * GIB)


def test_version_2_counts_the_whole_group_without_its_file_cache(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/app/worker\n")
    write(root, "sys/fs/cgroup/app/worker/memory.max", GIB)
    write(root, "sys/fs/cgroup/app/worker/memory.current", GIB // 2)
    write(root, "sys/fs/cgroup/app/worker/memory.stat", f"anon 5\ninactive_file {GIB // 8}\n")
    reading = read_memory(root)
    assert (reading.limit, reading.used, reading.source) == (GIB, GIB // 2 - GIB // 8, "cgroup v2")


def test_the_tightest_limit_on_the_way_up_holds(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/app/worker\n")
    write(root, "sys/fs/cgroup/app/worker/memory.max", "max")
    write(root, "sys/fs/cgroup/app/worker/memory.current", 5)
    write(root, "sys/fs/cgroup/app/memory.max", 2 * GIB)
    write(root, "sys/fs/cgroup/app/memory.current", GIB)
    assert (read_memory(root).limit, read_memory(root).used) == (2 * GIB, GIB)


def test_in_a_container_the_top_of_the_mount_is_the_own_group(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/kubepods/of/the/host\n")
    write(root, "sys/fs/cgroup/memory.max", GIB)
    write(root, "sys/fs/cgroup/memory.current", GIB // 4)
    assert (read_memory(root).limit, read_memory(root).used) == (GIB, GIB // 4)


def test_version_1_is_read_too(root: Path) -> None:
    write(root, "proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/app\n1:name=systemd:/\n")
    write(root, "sys/fs/cgroup/memory/app/memory.limit_in_bytes", GIB)
    write(root, "sys/fs/cgroup/memory/app/memory.usage_in_bytes", GIB // 2)
    write(root, "sys/fs/cgroup/memory/app/memory.stat", f"cache 1\ntotal_inactive_file {GIB // 4}\n")
    reading = read_memory(root)
    assert (reading.limit, reading.used, reading.source) == (GIB, GIB // 4, "cgroup v1")


def test_version_1_says_unlimited_with_a_huge_number(root: Path) -> None:
    write(root, "proc/self/cgroup", "4:memory:/\n")
    write(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", 9223372036854771712)
    write(root, "sys/fs/cgroup/memory/memory.usage_in_bytes", 5)
    assert read_memory(root).source == "machine"


def test_a_group_larger_than_the_machine_does_not_limit(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/\n")
    write(root, "sys/fs/cgroup/memory.max", 100 * GIB)
    write(root, "sys/fs/cgroup/memory.current", 5)
    assert (read_memory(root).limit, read_memory(root).source) == (8 * GIB, "machine")


def test_the_process_counts_where_the_group_is_slow_to_notice(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/\n")
    write(root, "sys/fs/cgroup/memory.max", GIB)
    write(root, "sys/fs/cgroup/memory.current", 5)
    assert read_memory(root).used == 100 * PAGE


def test_garbage_in_the_files_is_no_limit(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/\n")
    write(root, "sys/fs/cgroup/memory.max", GIB)
    write(root, "sys/fs/cgroup/memory.current", "?")
    assert read_memory(root).source == "machine"


def test_without_proc_the_process_is_asked(tmp_path: Path) -> None:
    reading = read_memory(tmp_path)
    assert reading.rss > 1 << 20
    assert reading.heap == 0
    assert reading.limit > reading.rss
