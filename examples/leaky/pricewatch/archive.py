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
        # caught in test_the_archive_does_not_have_every_feed
        lease = self._pool.acquire()  # leak: MEM111
        lease.value.request("HEAD", f"/{feed}")
        with lease.value.getresponse() as answer:
            if answer.status != 200:
                return None
            edition = answer.headers["ETag"]
        lease.release()
        return edition

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()
