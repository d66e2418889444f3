"""Read quotes from a feed over HTTP: the body has one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.request import Request, urlopen

TIMEOUT = 5.0  # seconds


class BrokenFeed(ValueError):
    """A feed's line is not a quote."""


@dataclass(frozen=True)
class Quote:
    """What one share cost."""

    symbol: str
    price: float


def parse_quote(line: bytes) -> Quote:
    """Make a quote from one line of a feed."""
    try:
        fields = json.loads(line)
        return Quote(str(fields["symbol"]), float(fields["price"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenFeed(f"not a quote: {line!r}") from error


def read_quotes(url: str) -> list[Quote]:
    """Fetch a feed, a line at a time; raises `BrokenFeed` at the first line that is not a quote."""
    # caught in test_a_broken_feed_is_remembered
    response = urlopen(url, timeout=TIMEOUT)  # leak: MEM301
    quotes = [parse_quote(line) for line in response]
    response.close()
    return quotes


def edition(url: str) -> str:
    """Ask a feed for its current edition without reading it."""
    # caught in test_a_feed_tells_its_edition
    response = urlopen(Request(url, method="HEAD"), timeout=TIMEOUT)  # leak: MEM101
    return str(response.headers["ETag"])
