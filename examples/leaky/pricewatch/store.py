"""Keep quotes in a SQLite database, one row a quote."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from pricewatch.feed import Quote

TABLE = "CREATE TABLE IF NOT EXISTS quote (id INTEGER PRIMARY KEY, symbol TEXT, price REAL CHECK (price > 0))"


def record(database: Path, quotes: Iterable[Quote]) -> int:
    """Add quotes, all of them or none, and count them; a price that is not positive is refused."""
    rows = [(quote.symbol, quote.price) for quote in quotes]
    # caught in test_a_refused_price_is_remembered
    # caught in test_a_round_is_saved
    # caught in test_a_symbol_never_seen_has_no_price
    # caught in test_the_newest_price_wins
    # caught in test_the_program_says_what_it_stored
    with sqlite3.connect(database) as connection:  # leak: MEM405
        connection.execute(TABLE)
        connection.executemany("INSERT INTO quote (symbol, price) VALUES (?, ?)", rows)
    return len(rows)


def latest(database: Path, symbol: str) -> float | None:
    """Find a symbol's newest price, or None when it was never seen."""
    connection = sqlite3.connect(database)  # leak: MEM301
    row = connection.execute("SELECT price FROM quote WHERE symbol = ? ORDER BY id DESC LIMIT 1", (symbol,)).fetchone()
    connection.close()
    return None if row is None else float(row[0])
