"""The services that some tests need: skipped with the reason where they are away, required where `CI` is set."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest


def need(service: str, visit: Callable[[], object]) -> None:
    """Skip the test when the visit fails; fail it where `CI` is set."""
    try:
        visit()
    except Exception as error:  # whatever the client says: away, another password, no such database
        reason = f"{service} of this machine cannot be used: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def redis_port() -> int:
    """The port of this machine's Redis."""

    def visit() -> None:
        from redis import Redis

        with Redis(port=6379, socket_connect_timeout=2.0) as client:
            client.ping()

    need("Redis on port 6379", visit)
    return 6379


@pytest.fixture(scope="session")
def postgres_port() -> int:
    """The port of this machine's PostgreSQL, where user `root` needs no password for the database `test`."""

    def visit() -> None:
        from psycopg import connect

        connect("host=127.0.0.1 port=5432 dbname=test user=root", connect_timeout=2).close()

    need("PostgreSQL on port 5432", visit)
    return 5432


@pytest.fixture(scope="session")
def mariadb_port() -> int:
    """The port of this machine's MariaDB, where user `root` needs no password."""

    def visit() -> None:
        from pymysql import connect

        connect(host="127.0.0.1", user="root", connect_timeout=2).close()

    need("MariaDB on port 3306", visit)
    return 3306
