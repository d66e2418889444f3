"""What works once it is installed, in whichever way."""

from __future__ import annotations

from pathlib import Path

from .building import Installed

LEAK = "import json\n\n\ndef load(path):\n    return json.load(open(path))\n"


def test_both_packages_are_imported_with_nothing_else_installed(installed: Installed) -> None:
    assert (
        installed.run("python", "-c", "import memlint, pytest_memguard, pytest_memguard.runtime; print('both')")
        == "both\n"
    )


def test_explain_prints_the_page_of_a_rule(installed: Installed) -> None:
    (page,) = (installed.checkout / "rules").glob("MEM101-*.md")
    title = page.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
    assert title in installed.run("memlint", "explain", "MEM101")


def test_a_leak_is_found_with_nothing_else_installed(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "leaky.py").write_text(LEAK)
    found = installed.run("memlint", "check", str(tmp_path), ends=1)
    assert "leaky.py:5" in found
    assert "MEM102" in found


def test_the_hosts_find_their_plugins(installed: Installed) -> None:
    listing = installed.run(
        "python",
        "-c",
        "from importlib.metadata import entry_points\n"
        "for group in ('console_scripts', 'flake8.extension', 'pytest11'):\n"
        "    for point in entry_points(group=group):\n"
        "        print(group, point.name, point.value)",
    )
    assert listing.splitlines() == [
        "console_scripts memlint memlint.cli:main",
        "flake8.extension MEM memlint.flake8_adapter:Plugin",
        "pytest11 memguard pytest_memguard.plugin",
    ]


def test_an_editable_install_sees_a_new_page_at_once(editable: Installed) -> None:
    pages = editable.checkout / "rules"
    (model,) = pages.glob("MEM102-*.md")
    text = model.read_text(encoding="utf-8")
    new = pages / "MEM198-brand-new.md"
    new.write_text(text.replace("MEM102", "MEM198").replace("discarded-resource", "brand-new"), encoding="utf-8")
    try:
        assert "# brand-new (MEM198)" in editable.run("memlint", "explain", "MEM198")
    finally:
        new.unlink()
