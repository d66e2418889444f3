"""The levels of what may raise are what the page about them says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from memlint.api import check_source
from memlint.flow.raising import RaiseLevel
from memlint.settings import Settings
from memlint.settings.options import OPTIONS, RAISES

from .conftest import Command

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "raises.md"
SECTION = re.compile(r"^## `(\w+)`\n.*?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = dict(SECTION.findall(PAGE.read_text(encoding="utf-8")))


def test_the_option_the_page_and_the_analysis_know_the_same_levels() -> None:
    (option,) = [option for option in OPTIONS if option.key == "raises"]

    assert tuple(EXAMPLES) == RAISES == tuple(level.value for level in RaiseLevel)
    assert option.default == RaiseLevel.DEFAULT.value == Settings().raises


@pytest.mark.parametrize("level", RAISES)
@pytest.mark.parametrize("example", RAISES)
def test_an_example_is_reported_from_its_level_on(example: str, level: str) -> None:
    found = check_source(EXAMPLES[example], settings=Settings(raises=level))

    assert [finding.code for finding in found] == ["MEM301"] * (RAISES.index(level) >= RAISES.index(example))


def test_the_level_counts_in_other_files_too(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "files.py").write_text("def shut(f, log):\n    log.debug('x')\n    f.close()\n")
    (tmp_path / "use.py").write_text("from files import shut\n\ndef run(p, log):\n    f = open(p)\n    shut(f, log)\n")

    assert memlint("check", ".").code == 0
    assert "MEM301" in memlint("check", "--raises", "everything", ".").out


def test_a_level_that_is_none_is_refused(memlint: Command) -> None:
    done = memlint("check", "--raises", "loudly", ".")

    assert done.code == 2
    assert "invalid choice: 'loudly'" in done.err
