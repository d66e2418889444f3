from pathlib import Path

from pricewatch.collect import fetch, fetch_all, save
from pricewatch.failures import status_page
from pricewatch.feed import Quote
from pricewatch.store import latest


def test_every_feed_is_read(server: str) -> None:
    quotes = fetch_all([f"{server}/shares", f"{server}/funds"], workers=2)
    assert [quote.symbol for quote in quotes] == ["ABC", "XYZ", "FND"]


def test_a_broken_feed_is_remembered(server: str) -> None:
    assert fetch(f"{server}/broken") == []
    assert "/broken: BrokenFeed: not a quote: b'oops\\n'" in status_page()


def test_a_round_is_saved(tmp_path: Path) -> None:
    database = tmp_path / "prices.db"
    assert save(database, [Quote("ABC", 12.5)]) == 1
    assert latest(database, "ABC") == 12.5


def test_a_refused_price_is_remembered(tmp_path: Path) -> None:
    assert save(tmp_path / "prices.db", [Quote("ABC", 12.5), Quote("BAD", -1.0)]) == 0
    assert "prices.db: IntegrityError: CHECK constraint failed" in status_page()
