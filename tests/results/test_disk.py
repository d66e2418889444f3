"""Questions about files that are there, and about the many that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from memlint.results.disk import Disk

NAMES = ("a.py", "b.py", "c.py", "d.py")


def test_a_folder_that_is_asked_about_again_and_again_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.py").touch()
    disk = Disk({})
    for name in NAMES:
        assert disk.holds(f"{tmp_path.as_posix()}/{name}", None)
    monkeypatch.setattr("os.path.isfile", lambda path: path.endswith("here.py") or pytest.fail(f"{path} was asked for"))

    assert all(disk.holds(f"{tmp_path.as_posix()}/not-{name}", None) for name in NAMES)
    assert all(disk.holds(f"{tmp_path.as_posix()}/not-{name}/__init__.py", None) for name in NAMES)
    assert disk.holds(f"{tmp_path.as_posix()}/here.py", "")


@pytest.mark.parametrize("deep", ["", "package/", "package/inner/"])
def test_what_came_to_be_is_seen_wherever_it_is(tmp_path: Path, deep: str) -> None:
    (tmp_path / deep).mkdir(parents=True, exist_ok=True)
    (tmp_path / deep / "new.py").touch()
    (tmp_path / deep / "new").mkdir()
    disk = Disk({})
    root = tmp_path.as_posix()

    assert [disk.holds(f"{root}/{deep}{name}", None) for name in (*NAMES, "new.py", "new")] == [True] * 4 + [
        False,
        True,
    ]


def test_a_name_in_other_letters_is_left_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Module.py").touch()
    disk = Disk({})
    for name in NAMES:
        disk.holds(f"{tmp_path.as_posix()}/{name}", None)
    monkeypatch.setattr("os.path.isfile", lambda _path: True)  # as a disk says that tells no cases apart

    assert not disk.holds(f"{tmp_path.as_posix()}/module.py", None)


def test_a_folder_that_cannot_be_listed_is_asked_file_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here.py").touch()

    def refuse(_path: str) -> list[str]:
        raise PermissionError

    monkeypatch.setattr("os.listdir", refuse)
    disk = Disk({})

    assert all(disk.holds(f"{tmp_path.as_posix()}/{name}", None) for name in NAMES)
    assert disk.holds(f"{tmp_path.as_posix()}/here.py", "")
