"""Results that a fleet shares: in a folder, on a Redis server, between checkouts, and when there is an outage."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.cli import main
from memlint.results.stores import FolderStore, open_store
from memlint.settings import SettingsError

from .conftest import judged
from .programs import edit, write_project

FILES = {
    "app/__init__.py": "",
    "app/files.py": "def opened(p):\n    return open(p)\n",
    "app/use.py": "from app.files import opened\n\n\ndef leak(p):\n    f = opened(p)\n    print(f)\n",
}


@pytest.fixture(params=["folder", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A shared cache of each sort."""
    if request.param == "folder":
        yield str(tmp_path / "shared")
        return
    port = request.getfixturevalue("redis_port")
    address = f"redis://127.0.0.1:{port}/15"
    _forget(address)
    yield address
    _forget(address)


def _forget(address: str) -> None:
    from redis import Redis

    with Redis.from_url(address) as client:
        for key in client.scan_iter("memlint:*"):
            client.delete(key)


def checkout(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def found(folder: Path, place: str, *words: str) -> tuple[list[str], int]:
    report, judge = judged(folder, "--no-cache", "--shared-cache", place, *words)
    assert judge.trouble is None
    assert report == judged(folder, "--no-cache", *words)[0]
    return [f"{Path(f.path).relative_to(folder).as_posix()} {f.code}" for f in report.findings], judge.kept


def test_another_checkout_need_not_look(place: str, tmp_path: Path) -> None:
    one, two = checkout(tmp_path / "one"), checkout(tmp_path / "far" / "two")

    assert found(one, place) == (["app/use.py MEM101"], 0)
    assert found(two, place) == (["app/use.py MEM101"], 3)


def test_what_a_result_rests_on_is_compared_with_the_checkout(place: str, tmp_path: Path) -> None:
    one, two = checkout(tmp_path / "one"), checkout(tmp_path / "two")
    found(one, place)
    (two / "app" / "files.py").write_text("def opened(p):\n    return p\n")

    assert found(two, place) == ([], 1)
    assert found(one, place) == (["app/use.py MEM101"], 3), "both states are kept side by side"
    assert found(two, place) == ([], 3)


def test_a_file_of_the_same_bytes_elsewhere_in_the_project_is_another(place: str, tmp_path: Path) -> None:
    one = checkout(tmp_path / "one")
    found(one, place)
    (one / "app" / "deep").mkdir()
    shutil.copy(one / "app" / "use.py", one / "app" / "deep" / "use.py")

    assert found(one, place)[1] == 3


def test_other_settings_have_results_of_their_own(place: str, tmp_path: Path) -> None:
    one = checkout(tmp_path / "one")
    found(one, place)

    assert found(one, place, "--strict")[1] == 0
    assert found(one, place, "--ignore", "MEM1") == ([], 0)


def test_what_was_fetched_is_kept_here_too(place: str, tmp_path: Path) -> None:
    one, two = checkout(tmp_path / "one"), checkout(tmp_path / "two")
    judged(one, "--shared-cache", place)
    assert judged(two, "--shared-cache", place)[1].kept == 3

    assert judged(two)[1].kept == 3


def test_a_shared_cache_changes_nothing_whatever_is_edited() -> None:
    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 1 << 32))
    def compare(seed: int) -> None:
        rng = random.Random(seed)
        with tempfile.TemporaryDirectory() as name:
            folder, place = Path(name, "code"), str(Path(name, "shared"))
            folder.mkdir()
            write_project(folder, rng)
            for _ in range(5):
                cached, _ = judged(folder, "--no-cache", "--shared-cache", place)
                assert cached == judged(folder, "--no-cache")[0]
                edit(folder, rng)

    compare()


@pytest.mark.parametrize(
    "damage",
    [
        lambda _data: b"",
        lambda _data: b"7",
        lambda data: data[:-9],
        lambda _data: b"[" * 100_000,
        lambda data: data.replace(b"MEM101", b'MEM101",7,"'),
        lambda _data: json.dumps([[[["../../secret", "x"]], [[], [], 0, []]], [[], 7], 7]).encode(),
    ],
    ids=["empty", "a number", "cut", "deep", "shifted", "of another shape"],
)
def test_what_is_broken_is_judged_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    place, one = tmp_path / "shared", checkout(tmp_path / "one")
    found(one, str(place))
    for path in place.rglob("*.json"):
        path.write_bytes(damage(path.read_bytes()))

    assert found(one, str(place))[0] == ["app/use.py MEM101"]
    assert found(one, str(place))[1] == 3, "it is mended"


def test_an_outage_is_told_once_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(checkout(tmp_path))

    assert main(["check", "--isolated", "--shared-cache", "redis://127.0.0.1:9/0", "app"]) == 1
    told = capsys.readouterr()
    assert "MEM101" in told.out
    assert told.err.count("the shared cache cannot be used: ConnectionError") == 1


@pytest.mark.skipif(os.name == "nt", reason="needs a path below a file to be an error of its own")
def test_a_folder_that_cannot_be_used_is_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(checkout(tmp_path))
    (tmp_path / "file").write_text("")

    assert main(["check", "--isolated", "--shared-cache", "file/below", "app"]) == 1
    assert "the shared cache cannot be used" in capsys.readouterr().err


def test_without_the_library_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)

    with pytest.raises(SettingsError, match=r"redis is not installed; `pip install 'pytest-memguard\[redis\]'`"):
        open_store("redis://localhost/0")


@pytest.mark.parametrize("address", ["http://host/0", "redis://host:port/0"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match=f"--shared-cache {address}: is n"):
        open_store(address)


def test_values_on_a_server_end_by_themselves(redis_port: int, tmp_path: Path) -> None:
    from redis import Redis

    address = f"redis://127.0.0.1:{redis_port}/15"
    _forget(address)
    found(checkout(tmp_path), address)
    with Redis.from_url(address) as client:
        lives = [client.ttl(key) for key in client.scan_iter("memlint:*")]
    _forget(address)

    assert len(lives) == 3
    assert all(0 < life <= 30 * 86400 for life in lives)


def test_a_shared_folder_forgets_what_nobody_used_for_a_month(tmp_path: Path) -> None:
    day = 86400.0
    FolderStore(str(tmp_path), lambda: 0.0).put({"aabb": b"old", "aacc": b"used"})
    for path in tmp_path.rglob("*.json"):
        os.utime(path, (0, 0))
    assert FolderStore(str(tmp_path), lambda: 25 * day).get(["aacc"]) == [b"used"]
    FolderStore(str(tmp_path), lambda: 40 * day).put({"aadd": b"new"})

    assert FolderStore(str(tmp_path), lambda: 40 * day).get(["aabb", "aacc"]) == [None, b"used"]
