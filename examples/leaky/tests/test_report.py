import sys
from pathlib import Path

import pytest
from pricewatch.feed import Quote
from pricewatch.report import announce, export


def test_an_export_holds_a_line_a_quote(tmp_path: Path) -> None:
    target = tmp_path / "prices.csv"
    export([Quote("ABC", 12.5), Quote("XYZ", 7.25)], target)
    assert target.read_text() == "ABC,12.5\nXYZ,7.25\n"


def test_an_export_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "prices.csv"
    target.write_text("ABC,12.5\n")
    with pytest.raises(AttributeError):
        export([None], target)  # type: ignore[list-item]
    assert target.read_text() == "ABC,12.5\n"


def test_a_listener_answers_an_announcement() -> None:
    program = "import sys; print('heard', sys.stdin.readline(), flush=True); sys.stdin.read()"
    assert announce([sys.executable, "-c", program], "ABC 12.5") == "heard ABC 12.5"
