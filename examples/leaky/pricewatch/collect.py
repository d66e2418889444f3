"""One round of the service: fetch every feed at once, then store what came."""

from __future__ import annotations

import atexit
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pricewatch.failures import remember
from pricewatch.feed import BrokenFeed, Quote, read_quotes
from pricewatch.store import record


def fetch(url: str) -> list[Quote]:
    """Read one feed; a feed that is away or broken gives nothing, and is remembered."""
    try:
        return read_quotes(url)
    except (OSError, BrokenFeed) as error:
        remember(url, error)
        return []


def fetch_all(urls: Sequence[str], workers: int) -> list[Quote]:
    """Read every feed, `workers` at a time, in the feeds' order."""
    # caught in test_every_feed_is_read
    # caught in test_the_program_says_what_it_stored
    executor = ThreadPoolExecutor(workers)  # leak: at run time
    atexit.register(executor.shutdown)
    rounds = [executor.submit(fetch, url) for url in urls]
    return [quote for done in rounds for quote in done.result()]


def save(database: Path, quotes: Sequence[Quote]) -> int:
    """Store a round's quotes; a round that the database refuses is remembered and counts as none."""
    try:
        return record(database, quotes)
    except sqlite3.Error as error:
        remember(database.name, error)
        return 0
