"""A file is replaced whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from memlint.engine.writing import replace_file


def test_a_file_that_somebody_changed_meanwhile_is_left_to_them(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"theirs")

    with pytest.raises(ValueError, match="it was changed while it was being fixed"):
        replace_file(str(path), b"as it was read", b"ours")

    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"theirs"]


def test_nothing_is_left_behind_where_the_file_is_gone(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"Permission denied|No such file"):
        replace_file(str(tmp_path / "gone.py"), b"", b"ours")

    assert not list(tmp_path.iterdir())
