import pytest
from pricewatch.feed import BrokenFeed, Quote, edition, parse_quote, read_quotes


def test_a_feed_gives_its_quotes_in_order(server: str) -> None:
    assert read_quotes(f"{server}/shares") == [Quote("ABC", 12.5), Quote("XYZ", 7.25)]


def test_a_feed_tells_its_edition(server: str) -> None:
    assert edition(f"{server}/funds") == '"funds-1"'


@pytest.mark.parametrize("line", [b"oops", b"{}", b"[]", b'{"symbol": "ABC", "price": "dear"}'])
def test_a_line_that_is_no_quote_is_refused_by_name(line: bytes) -> None:
    with pytest.raises(BrokenFeed, match="not a quote"):
        parse_quote(line)
