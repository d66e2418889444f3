"""The services that some tests need: skipped with the reason where they are away, required where `CI` is set."""

from __future__ import annotations

import os
import socket

import pytest


def need(service: str, port: int) -> None:
    """Skip the test when nothing listens on this machine's port; fail it where `CI` is set."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError as error:
        reason = f"{service} does not answer on 127.0.0.1:{port} ({error})"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def redis_port() -> int:
    """Redis' port on this machine."""
    need("Redis", 6379)
    return 6379


@pytest.fixture(scope="session")
def postgres_port() -> int:
    """PostgreSQL's port on this machine; user `postgres`, database `test`, no password."""
    need("PostgreSQL", 5432)
    return 5432
