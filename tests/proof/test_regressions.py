"""Every program about which memlint and its executions once disagreed, each with what was wrong in its first line.

A program whose second line begins with ``# open:`` is not mended yet; the rest of that line says why.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .judgement import Judge

PROGRAMS = sorted((Path(__file__).parent / "regressions").glob("*.txt"))


def _marks(path: Path) -> list[pytest.MarkDecorator]:
    second = path.read_text(encoding="utf-8").splitlines()[1]
    if not second.startswith("# open:"):
        return []
    return [pytest.mark.xfail(reason=second.removeprefix("# open:").strip(), strict=True)]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem, marks=_marks(path)) for path in PROGRAMS])
def test_a_program_that_was_once_judged_wrong_is_judged_right(path: Path) -> None:
    program = path.read_text(encoding="utf-8")
    assert program.startswith("# "), "the first line tells what was wrong"

    assert Judge().disagreements(program) == []
