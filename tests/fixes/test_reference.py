"""The reference names every fix, and promises no more of one than the code does."""

from __future__ import annotations

from pathlib import Path

from memlint.fixes.table import every_fix

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "fixes.md"


def rows() -> dict[str, str]:
    """By fix, when the page calls it safe."""
    found: dict[str, str] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("`"):
            found.update({name.strip("` "): cells[2] for name in cells[0].split(",")})
    return found


def test_the_page_names_every_fix_and_no_other() -> None:
    assert rows().keys() == {fix.name for fix in every_fix()}


def test_the_page_says_which_fixes_are_never_safe() -> None:
    never = {name for name, when in rows().items() if when.startswith("never")}

    assert never == {fix.name for fix in every_fix() if not fix.sometimes_safe}
