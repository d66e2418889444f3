"""A mapped file lends windows, and never lets its memory go under somebody's hands."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_memguard.runtime.errors import Closed, LeaseEnded, StillHeld
from pytest_memguard.runtime.mapped import MappedFile, Mode

CONTENT = bytes(range(256)) * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "content"
    file.write_bytes(CONTENT)
    return file


@settings(deadline=None)
@given(offset=st.integers(0, len(CONTENT)), length=st.integers(0, len(CONTENT)))
def test_a_window_shows_what_the_file_has_there(
    offset: int, length: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "windows"
    path.write_bytes(CONTENT)
    with MappedFile(path) as file:
        if offset + length > len(CONTENT):
            with pytest.raises(ValueError, match="are not in MappedFile"):
                file.window(offset, length)
        else:
            with file.window(offset, length) as view:
                assert bytes(view) == CONTENT[offset : offset + length]


def test_a_window_to_the_end_is_the_default(path: Path) -> None:
    with MappedFile(path) as file, file.window(16_000) as view:
        assert bytes(view) == CONTENT[16_000:]


def test_windows_follow_each_other_and_the_last_is_short(path: Path) -> None:
    with MappedFile(path) as file:
        parts = [(offset, bytes(view)) for offset, view in file.windows(5000)]
        assert [offset for offset, _ in parts] == [0, 5000, 10_000, 15_000]
        assert b"".join(part for _, part in parts) == CONTENT
        assert list(file.outstanding()) == []


def test_writing_changes_the_file(path: Path) -> None:
    with MappedFile(path, "write") as file, file.window(5000, 5) as view:
        view[:] = b"hello"
        file.flush()
        assert path.read_bytes()[5000:5005] == b"hello"


def test_a_copy_can_be_changed_and_the_file_does_not_see_it(path: Path) -> None:
    with MappedFile(path, "copy") as file, file.window() as view:
        view[:5] = b"hello"
        assert bytes(view[:6]) == b"hello\x05"
    assert path.read_bytes() == CONTENT


def test_a_file_mapped_to_read_cannot_be_changed(path: Path) -> None:
    with MappedFile(path) as file, file.window() as view, pytest.raises(TypeError, match="read-only"):
        view[0] = 1


def test_a_file_grows_with_zeros_under_open_windows(path: Path) -> None:
    with MappedFile(path, "write") as file, file.window(0, 10) as first:
        file.grow(len(CONTENT) + 100)
        with file.window(len(CONTENT)) as added:
            assert bytes(added) == bytes(100)
        assert bytes(first) == CONTENT[:10]
        assert len(file) == len(CONTENT) + 100


@pytest.mark.parametrize(("mode", "complaint"), [("read", "cannot grow"), ("write", "cannot grow to 1")])
def test_a_file_does_not_shrink_nor_grow_where_it_may_not_change(path: Path, mode: Mode, complaint: str) -> None:
    with MappedFile(path, mode) as file, pytest.raises(ValueError, match=complaint):
        file.grow(1)


def test_a_new_file_is_made_with_its_size(tmp_path: Path) -> None:
    with MappedFile(tmp_path / "new", "write", size=10) as file, file.window() as view:
        assert bytes(view) == bytes(10)


def test_a_missing_file_and_wrong_arguments_are_refused(tmp_path: Path, path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MappedFile(tmp_path / "missing", "write")
    with pytest.raises(ValueError, match="there are read, write, copy"):
        MappedFile(path, "r+")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size= is for mode 'write'"):
        MappedFile(path, "read", size=1)


def test_a_view_kept_from_before_is_a_value_error(path: Path) -> None:
    with MappedFile(path) as file:
        with file.window() as view:
            pass
        with pytest.raises(ValueError, match="released memoryview"):
            view[0]


def test_closing_under_an_open_window_is_refused_and_names_the_line(path: Path) -> None:
    file = MappedFile(path)
    lease = file.window()
    with pytest.raises(StillHeld, match=r"cannot be closed: window \d+ opened at .*test_mapped.py:\d+ in test_closing"):
        file.close()
    assert bytes(lease.value[:1]) == b"\x00"
    lease.release()
    file.close()
    assert file.closed
    with pytest.raises(LeaseEnded):
        lease.release()


def test_a_slice_that_outlives_its_window_is_named_and_keeps_the_file_open(path: Path) -> None:
    file = MappedFile(path)
    lease = file.window()
    head = lease.value[:7]
    with pytest.raises(StillHeld, match="7 bytes in `head` of test_a_slice_that_outlives"):
        lease.release()
    with pytest.raises(StillHeld, match="7 bytes in `head`"):
        file.close()
    assert bytes(head[:1]) == b"\x00"
    head.release()
    file.close()


def test_an_error_in_the_block_is_not_hidden_by_a_held_slice(path: Path) -> None:
    kept: list[memoryview] = []

    def fail(file: MappedFile) -> None:
        with file, file.window() as view:
            kept.append(view[:3])
            raise OSError("bad header")

    file = MappedFile(path)
    with pytest.raises(OSError, match="bad header") as caught:
        fail(file)
    assert any("3 bytes in a list at index 0" in note for note in caught.value.__notes__)
    kept.pop().release()
    file.close()


def test_a_closed_file_lends_nothing(path: Path) -> None:
    file = MappedFile(path)
    file.close()
    file.close()
    with pytest.raises(Closed, match=r"is closed; it was opened at .*test_mapped.py"):
        file.window()


def test_a_file_dropped_open_is_closed_and_warned_about(path: Path) -> None:
    file = MappedFile(path)
    descriptor = file._descriptor
    with pytest.warns(ResourceWarning, match=r"was dropped open; it was opened at .*test_mapped.py"):
        del file
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_the_repr_is_a_status_board(path: Path) -> None:
    with MappedFile(path) as file, file.window():
        assert repr(file) == f"<MappedFile {str(path)!r}: read, 16384 bytes, 1 windows open, 16384 mapped>"


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS limits mappings on Linux")
def test_a_file_larger_than_the_memory_allowed_is_read_through_windows(tmp_path: Path) -> None:
    """Four gibibytes (sparse) in a process that may address one; mapping it whole fails there."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(4 << 30)
        file.seek((4 << 30) - 3)
        file.write(b"end")
    script = textwrap.dedent(
        f"""
        import mmap, resource
        from pytest_memguard.runtime.mapped import MappedFile
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        with MappedFile({str(path)!r}) as file:
            try:
                file.window()
            except OSError:
                print("too large for one window")
            total = sum(view[0] + (bytes(view[-3:]) == b"end") for _, view in file.windows(64 << 20))
            print(total, "end found")
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["too large for one window", "1 end found"], done.stderr
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != 1 << 30
    gc.collect()
