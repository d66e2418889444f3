"""A real feed server on this machine, and a folder with the service's settings."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

BODIES = {
    "/shares": b'{"symbol": "ABC", "price": 12.5}\n{"symbol": "XYZ", "price": 7.25}\n',
    "/funds": b'{"symbol": "FND", "price": 101}\n',
    "/broken": b'{"symbol": "ABC", "price": 12.5}\noops\n{"symbol": "XYZ", "price": 7.25}\n',
}


class Feeds(BaseHTTPRequestHandler):
    """Serves the bodies above."""

    def do_HEAD(self) -> None:
        """Send the head alone."""
        self.send_response(200 if self.path in BODIES else 404)
        self.send_header("Content-Length", str(len(BODIES.get(self.path, b""))))
        self.send_header("ETag", f'"{self.path.strip("/")}-1"')
        self.end_headers()

    def do_GET(self) -> None:
        """Send the head and the body."""
        self.do_HEAD()
        self.wfile.write(BODIES.get(self.path, b""))

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a running feed server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Feeds) as service:
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{service.server_port}"
        service.shutdown()
        thread.join()


@pytest.fixture
def settings_file(tmp_path: Path, server: str) -> Path:
    """A settings file that names the server's two good feeds."""
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"feeds": [f"{server}/shares", f"{server}/funds"], "database": "prices.db"}))
    return path
