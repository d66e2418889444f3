"""Whether a plugin is installed is told without importing what knows all about installed things."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from memlint.catalogue.installed import may_bring

GROUP = "memlint.example"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which modules are imported, and nothing beside it."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


def install(site: Path, folder: str, words: str) -> None:
    (site / folder).mkdir()
    (site / folder / "METADATA").write_text("Metadata-Version: 2.1\nName: gadgets\nVersion: 1\n")
    (site / folder / "entry_points.txt").write_text(words)


@pytest.mark.parametrize("folder", ["gadgets-1.dist-info", "Gadgets-1.DIST-INFO", "gadgets-1.egg-info"])
def test_a_distribution_that_names_the_group_is_seen(site: Path, folder: str) -> None:
    install(site, folder, f"[{GROUP}]\ngadgets = gadgets:catalogue\n")

    assert may_bring(GROUP)
    assert [point.name for point in entry_points(group=GROUP)] == ["gadgets"]


def test_other_distributions_bring_nothing(site: Path) -> None:
    install(site, "gadgets-1.dist-info", "[console_scripts]\ngadgets = gadgets:main\n")
    (site / "plain-1.dist-info").mkdir()

    assert not may_bring(GROUP)


def test_an_archive_is_left_to_those_who_can_read_it(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (site / "library.zip").touch()
    monkeypatch.setattr(sys, "path", [str(site / "library.zip")])

    assert may_bring(GROUP)


@pytest.mark.usefixtures("site")
def test_whoever_finds_distributions_in_another_way_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        def find_distributions(self, _context: object) -> list[object]:
            return []

    assert not may_bring(GROUP)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])

    assert may_bring(GROUP)


def test_a_folder_that_is_gone_brings_nothing(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(site / "gone"), ""])
    monkeypatch.chdir(site)

    assert not may_bring(GROUP)


def test_loading_the_catalogue_imports_no_metadata_where_there_is_no_plugin() -> None:
    program = (
        "import sys, memlint.catalogue.installed as i; seen = i.may_bring('memlint.catalogue')\n"
        "from memlint.catalogue import load; load(); print(seen or 'importlib.metadata' not in sys.modules)"
    )
    words = [sys.executable, "-S", "-c", program]
    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
