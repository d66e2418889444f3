"""What `with` does to a connection is what the catalogue says: it ends the transaction, or the connection too."""

from __future__ import annotations

import os
import sqlite3

import pytest

from memlint.catalogue import load
from memlint.catalogue.model import Context

CATALOGUE = load(plugins=False)


def test_a_block_keeps_an_sqlite_connection_open() -> None:
    connection = sqlite3.connect(":memory:")
    with connection:
        connection.execute("create table t (x)")
    assert connection.execute("select count(*) from t").fetchone() == (0,)
    connection.close()
    assert CATALOGUE.kinds["sqlite connection"].context is Context.KEEPS


def test_a_block_closes_a_psycopg_connection() -> None:
    psycopg = pytest.importorskip("psycopg")
    try:
        connection = psycopg.connect("host=127.0.0.1 dbname=test user=postgres connect_timeout=2")
    except psycopg.OperationalError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL here: {error}")
    with connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert connection.closed
    assert CATALOGUE.kinds["psycopg connection"].context is Context.RELEASES
