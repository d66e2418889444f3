"""What is kept of earlier runs, when it is believed, and what happens when it is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from memlint.results import folder as cache_folder
from memlint.results import surroundings
from memlint.results.memory import Memory
from memlint.results.result import FileResult
from memlint.settings import Settings

from .conftest import judged

USE = "from app.middle import shut\n\n\ndef run(p):\n    f = open(p)\n    shut(f)\n"
MIDDLE = "from app.last import end\n\n\ndef shut(f):\n    end(f)\n"
LAST = "def end(f):\n    f.close()\n"


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """A file that hands its resource to a second, which hands it to a third, which closes it."""
    package = tmp_path / "app"
    package.mkdir()
    for name, text in (("__init__", ""), ("use", USE), ("middle", MIDDLE), ("last", LAST), ("aside", "x = 1\n")):
        (package / f"{name}.py").write_text(text)
    return tmp_path


def found(folder: Path, *words: str) -> tuple[list[str], int]:
    """The codes found with what is kept, which must be those found without; and how many results were kept."""
    report, judge = judged(folder, *words)
    assert report == judged(folder, "--no-cache", *words)[0]
    assert judge.memory is not None
    assert not judge.memory.troubles
    return [finding.code for finding in report.findings], judge.kept


def test_a_second_run_looks_at_nothing(chain: Path) -> None:
    assert found(chain) == ([], 0)
    assert found(chain) == ([], 5)


@pytest.mark.usefixtures("settled")
def test_files_that_nobody_touched_are_not_even_read(chain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(chain)
    monkeypatch.setattr("memlint.results.disk.digest_of", lambda _data: pytest.fail("a file was read"))

    assert judged(chain)[1].kept == 5


def test_an_edit_counts_for_those_who_rest_on_the_file_through_another(chain: Path) -> None:
    found(chain)
    (chain / "app" / "last.py").write_text(LAST.replace("close", "fileno"))

    assert found(chain) == (["MEM101"], 2)  # the package's own file and the one aside rest on none of the three


@pytest.mark.parametrize("first", ["aside", "middle"])
def test_what_was_followed_for_another_file_before_counts_too(chain: Path, first: str) -> None:
    """The second file is analysed for the sake of one user, and found analysed by the next."""
    (chain / "app" / "again.py").write_text(USE)
    found(chain)
    (chain / "app" / f"{first}.py").write_text("# new\n" + (chain / "app" / f"{first}.py").read_text())
    found(chain)
    (chain / "app" / "last.py").write_text(LAST.replace("close", "fileno"))

    assert found(chain)[0] == ["MEM101", "MEM101"]


def test_a_file_that_was_looked_for_counts_when_it_comes(chain: Path) -> None:
    (chain / "app" / "last.py").unlink()
    found(chain)
    (chain / "app" / "last.py").write_text(LAST.replace("close", "fileno"))

    assert found(chain)[0] == ["MEM101"]


def test_a_package_that_takes_a_modules_place_counts(chain: Path) -> None:
    found(chain)
    (chain / "app" / "last").mkdir()
    (chain / "app" / "last" / "__init__.py").write_text(LAST.replace("close", "fileno"))

    assert found(chain)[0] == ["MEM101"]


def test_a_folder_that_is_no_package_any_more_counts(chain: Path) -> None:
    (chain / "app" / "middle.py").write_text(MIDDLE.replace("end(f)", "f.fileno()"))
    assert found(chain)[0] == ["MEM101"]
    (chain / "app" / "__init__.py").unlink()

    assert found(chain) == ([], 0)  # whatever `app` is now, it is not of this project


def test_a_renamed_file_is_the_file_of_its_new_name(chain: Path) -> None:
    found(chain)
    (chain / "app" / "last.py").rename(chain / "app" / "end.py")

    assert found(chain)[1] == 2


def test_a_base_class_counts_for_those_who_inherit(chain: Path) -> None:
    base = "class Base:\n    def close(self):\n        self.stream.close()\n"
    (chain / "app" / "base.py").write_text(base)
    heir = (
        "from app.base import Base\n\n\nclass Log(Base):\n    def __init__(self, p):\n        self.stream = open(p)\n"
    )
    (chain / "app" / "heir.py").write_text(heir)
    assert found(chain)[0] == []
    (chain / "app" / "base.py").write_text(base.replace("self.stream", "self.other"))

    assert found(chain)[0] == ["MEM113"]


def test_what_a_package_hands_on_counts(chain: Path) -> None:
    (chain / "app" / "__init__.py").write_text("from app.last import end as shut\n")
    (chain / "app" / "use.py").write_text(USE.replace("app.middle", "app"))
    (chain / "app" / "look.py").write_text("def shut(f):\n    f.fileno()\n")
    assert found(chain)[0] == []
    (chain / "app" / "__init__.py").write_text("from app.look import shut\n")

    assert found(chain)[0] == ["MEM101"]


@pytest.mark.usefixtures("settled")
def test_a_file_that_is_replaced_by_one_of_the_same_size_and_time_is_read(chain: Path) -> None:
    path = chain / "app" / "last.py"
    found(chain)
    times = path.stat().st_atime, path.stat().st_mtime
    path.write_text(LAST.replace("close", "seek1"))
    os.utime(path, times)

    assert found(chain)[0] == ["MEM101"]


def test_an_older_content_that_comes_back_is_judged_as_what_it_is(chain: Path) -> None:
    found(chain)
    (chain / "app" / "last.py").write_text(LAST.replace("close", "fileno"))
    found(chain)
    (chain / "app" / "last.py").write_text(LAST)

    assert found(chain)[0] == []


@pytest.mark.parametrize("words", [("--strict",), ("--select", "MEM1"), ("--raises", "operations"), ("--preview",)])
def test_other_settings_have_results_of_their_own(chain: Path, words: tuple[str, ...]) -> None:
    found(chain)

    assert found(chain, *words)[1] == 0
    assert found(chain, *words)[1] == 5
    assert found(chain)[1] == 5


def test_how_findings_are_printed_is_no_other_setting(chain: Path) -> None:
    found(chain)

    assert found(chain, "--output-format", "json", "--extend-exclude", "x.py", "--jobs", "2")[1] == 5


def test_a_new_memlint_looks_anew(
    chain: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    engine = tmp_path_factory.mktemp("engine")
    (engine / "part.py").write_text("")
    monkeypatch.setattr(surroundings, "_PACKAGE", str(engine))
    found(chain)
    assert found(chain)[1] == 5
    (engine / "part.py").write_text("x = 1")

    assert found(chain)[1] == 0


def test_what_plugins_bring_counts(chain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found(chain)
    monkeypatch.setattr(surroundings, "distributions", lambda: [["somewhere", "new.dist-info", 1]])
    assert found(chain)[1] == 5  # something was installed, and it is no plugin of ours
    with monkeypatch.context() as patch:
        patch.setattr(surroundings, "plugins", lambda _settings: pytest.fail("it was looked at once"))
        assert judged(chain)[1].kept == 5
    monkeypatch.setattr(surroundings, "plugins", lambda _settings: "of a plugin")
    monkeypatch.setattr(surroundings, "distributions", lambda: [["somewhere", "new.dist-info", 2]])

    assert found(chain)[1] == 0
    assert found(chain)[1] == 5


def test_a_checkout_may_be_moved_with_its_cache(chain: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    found(chain)
    moved = tmp_path_factory.mktemp("elsewhere") / "checkout"
    chain.rename(moved)

    report, judge = judged(moved)
    assert judge.kept == 5
    assert report == judged(moved, "--no-cache")[0]


def test_findings_bear_the_name_that_the_file_was_given(chain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (chain / "app" / "aside.py").write_text("def g(p):\n    f = open(p)\n    print(f)\n")
    found(chain)
    monkeypatch.chdir(chain)

    report, judge = judged(chain, paths=[Path("app/aside.py")])
    assert judge.kept == 1
    assert [finding.path for finding in report.findings] == ["app/aside.py"]


def test_internal_errors_and_unreadable_files_are_not_kept(chain: Path) -> None:
    memory = Memory(str(chain / "cache"), Settings())
    from memlint.reports import Failure

    memory.keep([FileResult("a.py", failure=Failure("a.py", "internal error", True))], (), ())

    assert Memory(str(chain / "cache"), Settings()).recall(["a.py"]) == {}


# --- the folder ---------------------------------------------------------------------------------------------------


def index_of(folder: Path) -> Path:
    (path,) = (folder / ".memlint_cache").glob("*.json")
    return path


def test_nobody_commits_the_folder_or_backs_it_up(chain: Path) -> None:
    found(chain)

    assert (chain / ".memlint_cache" / ".gitignore").read_text() == "*\n"
    assert (
        (chain / ".memlint_cache" / "CACHEDIR.TAG")
        .read_text()
        .startswith("Signature: 8a477f597d28d172789f06886806bc55")
    )


def _with(body: Callable[[dict[str, object]], object]) -> Callable[[bytes], bytes]:
    """Change the body of an index, and make its head fit."""
    from binascii import crc32

    def changed(data: bytes) -> bytes:
        head, _, rest = data.partition(b"\n")
        content = json.loads(rest)
        body(content)
        written = json.dumps(content).encode()
        return json.dumps({**json.loads(head), "crc": crc32(written)}).encode() + b"\n" + written

    return changed


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda _data: b"",
        lambda data: b"\xff\xfe\x00" + data,
        lambda data: data.replace(b"app", b"apq"),
        lambda _data: b"[" * 100_000,
        lambda data: data.partition(b"\n")[0] + b"\n{}",
        _with(lambda content: content.update(entries=7)),
        _with(lambda content: content.pop("facts")),
        _with(lambda content: [entry.insert(0, 1) for entry in content["entries"].values()]),
    ],
    ids=["cut", "empty", "bytes", "edited", "deep", "no body", "a number", "a part gone", "shifted"],
)
def test_a_broken_cache_is_told_and_passed_by(chain: Path, damage: Callable[[bytes], bytes]) -> None:
    cold, _ = judged(chain)
    path = index_of(chain)
    path.write_bytes(damage(path.read_bytes()))

    report, judge = judged(chain)

    assert report == cold
    assert judge.kept == 0
    assert judge.memory is not None
    (told,) = judge.memory.troubles
    assert "the cache cannot be read" in told
    assert found(chain)[1] == 5, "the next run must find it mended"


def test_a_result_that_is_none_is_judged_anew(chain: Path) -> None:
    (chain / "app" / "aside.py").write_text("def g(p):\n    f = open(p)\n    print(f)\n")
    cold, _ = judged(chain)
    path = index_of(chain)

    def spoil(content: dict[str, object]) -> None:
        entries = content["entries"]
        assert isinstance(entries, dict)
        entries["app/aside.py"][4][0][0][1] = 7

    path.write_bytes(_with(spoil)(path.read_bytes()))

    report, judge = judged(chain)
    assert report == cold
    assert judge.kept == 4


@pytest.mark.skipif(os.name == "nt", reason="needs a path below a file to be an error of its own")
def test_a_cache_that_cannot_be_written_is_told_and_passed_by(chain: Path) -> None:
    (chain / "file").write_text("")

    report, judge = judged(chain, "--cache-dir", str(chain / "file" / "below"))

    assert report == judged(chain, "--no-cache")[0]
    assert judge.memory is not None
    assert any("the cache cannot be written" in trouble for trouble in judge.memory.troubles)


def test_two_runs_at_once_leave_a_sound_cache(chain: Path) -> None:
    words = [sys.executable, "-m", "memlint.cli", "check", "--isolated", "--cache-dir", ".memlint_cache", "app"]
    runs = [subprocess.Popen(words, cwd=chain, stdout=subprocess.DEVNULL) for _ in range(4)]

    assert [run.wait() for run in runs] == [0, 0, 0, 0]
    assert found(chain)[1] == 5


def test_what_another_run_kept_meanwhile_stays(chain: Path) -> None:
    from memlint.engine import Checker

    place = str(chain / ".memlint_cache")
    checker = Checker(Settings())
    checker.tells_grounds = True
    paths = [str(chain / "app" / f"{name}.py") for name in ("use", "aside")]
    runs = [Memory(place, Settings()) for _ in paths]
    for memory, path in zip(runs, paths, strict=True):
        memory.keep([checker.check_file(path)], (), ())

    assert Memory(place, Settings()).recall(paths).keys() == set(paths)


def test_what_nobody_used_for_a_month_is_forgotten(chain: Path) -> None:
    day = 86400.0
    place = str(chain / ".memlint_cache")

    def run(now: float, *files: str) -> int:
        from memlint.engine import Checker

        memory = Memory(place, Settings(), clock=lambda: now)
        paths = [str(chain / "app" / f"{name}.py") for name in files]
        known = memory.recall(paths)
        checker = Checker(Settings())
        checker.tells_grounds = True
        memory.keep([checker.check_file(path) for path in paths if path not in known], (), ())
        return len(known)

    assert run(0, "use", "aside") == 0
    assert run(20 * day, "aside") == 1
    assert run(40 * day, "middle") == 0  # something new is written, and what is old goes
    assert run(41 * day, "aside", "use") == 1


def test_files_of_settings_that_nobody_uses_go_and_so_do_the_oldest_of_too_many(tmp_path: Path) -> None:
    now = 100 * 86400.0
    for name, days in (("old", 31), ("young", 2), ("new", 0)):
        path = tmp_path / f"{name}.json"
        path.write_text("x" * 10)
        os.utime(path, (now - days * 86400, now - days * 86400))
    leftover = tmp_path / ".half.new"
    leftover.write_text("")
    os.utime(leftover, (now - 2 * 86400, now - 2 * 86400))

    cache_folder.tidy(str(tmp_path), now)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.json", "young.json"]
    cache_folder.tidy(str(tmp_path), now, largest=15)
    assert [path.name for path in tmp_path.iterdir()] == ["new.json"]
