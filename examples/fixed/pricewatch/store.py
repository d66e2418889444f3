"""Keep quotes in a SQLite database, one row a quote."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from pricewatch.feed import Quote

TABLE = "CREATE TABLE IF NOT EXISTS quote (id INTEGER PRIMARY KEY, symbol TEXT, price REAL CHECK (price > 0))"


def record(database: Path, quotes: Iterable[Quote]) -> int:
    """Add quotes, all of them or none, and count them; a price that is not positive is refused."""
    rows = [(quote.symbol, quote.price) for quote in quotes]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(TABLE)
        connection.executemany("INSERT INTO quote (symbol, price) VALUES (?, ?)", rows)
    return len(rows)


def latest(database: Path, symbol: str) -> float | None:
    """Find a symbol's newest price, or None when it was never seen."""
    connection = sqlite3.connect(database)
    try:
        row = connection.execute(
            "SELECT price FROM quote WHERE symbol = ? ORDER BY id DESC LIMIT 1", (symbol,)
        ).fetchone()
    finally:
        connection.close()
    return None if row is None else float(row[0])
