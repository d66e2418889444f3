from urllib.parse import urlsplit

from pricewatch.archive import Archive


def archive_at(server: str) -> Archive:
    address = urlsplit(server)
    assert address.hostname
    assert address.port
    return Archive(address.hostname, address.port)


def test_the_archive_tells_an_edition(server: str) -> None:
    with archive_at(server) as archive:
        assert archive.edition("funds") == '"funds-1"'


def test_the_archive_does_not_have_every_feed(server: str) -> None:
    with archive_at(server) as archive:
        assert archive.edition("bonds") is None
