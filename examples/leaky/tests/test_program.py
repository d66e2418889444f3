from pathlib import Path

import pytest
from pricewatch.__main__ import main


def test_the_program_says_what_it_stored(settings_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(settings_file), "--rounds", "2", "--pause", "0"])
    assert "stored 6 quotes" in capsys.readouterr().out
