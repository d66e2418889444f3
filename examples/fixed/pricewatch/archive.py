"""Ask the archive of older feeds, over HTTP connections that are lent to one asker at a time."""

from __future__ import annotations

from http.client import HTTPConnection
from types import TracebackType

from pytest_memguard.runtime import Pool

TIMEOUT = 5.0  # seconds


class Archive:
    """The archive's server; closing it closes its connections."""

    def __init__(self, host: str, port: int) -> None:
        self._pool = Pool(lambda: HTTPConnection(host, port, timeout=TIMEOUT), name="archive", maximum=2)

    def edition(self, feed: str) -> str | None:
        """Tell a feed's edition, or None when the archive does not have it."""
        with self._pool.acquire() as connection:
            connection.request("HEAD", f"/{feed}")
            with connection.getresponse() as answer:
                return answer.headers["ETag"] if answer.status == 200 else None

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()
