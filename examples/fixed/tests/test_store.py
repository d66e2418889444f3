from pathlib import Path

from pricewatch.feed import Quote
from pricewatch.store import latest, record


def test_the_newest_price_wins(tmp_path: Path) -> None:
    database = tmp_path / "prices.db"
    assert record(database, [Quote("ABC", 12.5), Quote("XYZ", 7.25), Quote("ABC", 13.0)]) == 3
    assert latest(database, "ABC") == 13.0


def test_a_symbol_never_seen_has_no_price(tmp_path: Path) -> None:
    database = tmp_path / "prices.db"
    record(database, [])
    assert latest(database, "ABC") is None
