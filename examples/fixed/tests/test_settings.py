from pathlib import Path

from pricewatch.settings import load_settings, read_symbols


def test_settings_name_the_feeds_and_the_database(settings_file: Path, server: str) -> None:
    settings = load_settings(settings_file)
    assert settings.feeds == (f"{server}/shares", f"{server}/funds")
    assert settings.database == settings_file.parent / "prices.db"
    assert settings.workers == 2


def test_symbols_stand_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "symbols.txt"
    path.write_text("# on\nABC\n\nXYZ\n")
    assert read_symbols(path) == {"ABC", "XYZ"}


def test_a_symbol_file_can_be_switched_off(tmp_path: Path) -> None:
    path = tmp_path / "symbols.txt"
    path.write_text("# off\nABC\n")
    assert read_symbols(path) == frozenset()
