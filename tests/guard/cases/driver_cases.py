# ruff: noqa: ARG001 - the cases are one shape
"""Connections of real drivers; an asynchronous one lives in a loop of the file's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg
import psycopg
import psycopg2
import pymysql
import pytest
import redis.asyncio
from ways import *  # noqa: F403
from ways import HELD, Acquired

POSTGRES = "host=127.0.0.1 port=5432 dbname=test user=root"
LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)  # aiosqlite would make one of its own when a connection is dropped


@pytest.fixture(scope="session", autouse=True)
def loop() -> Iterator[None]:
    yield
    for acquired in HELD:
        acquired.give_back()
    LOOP.run_until_complete(LOOP.shutdown_asyncgens())
    LOOP.close()


def close(thing: Any) -> Acquired:
    return Acquired(thing, thing.close)


def later(thing: Any, end: Any) -> Acquired:
    return Acquired(thing, lambda: LOOP.run_until_complete(end()), anywhere=False)


def of_psycopg(path: Path) -> Acquired:
    return close(psycopg.connect(POSTGRES))


def of_psycopg_async(path: Path) -> Acquired:
    connection = LOOP.run_until_complete(psycopg.AsyncConnection.connect(POSTGRES))
    return later(connection, connection.close)


def of_psycopg2(path: Path) -> Acquired:
    return close(psycopg2.connect(POSTGRES))


def of_asyncpg(path: Path) -> Acquired:
    connection = LOOP.run_until_complete(asyncpg.connect("postgresql://root@127.0.0.1:5432/test"))
    return later(connection, connection.close)


def of_pymysql(path: Path) -> Acquired:
    return close(pymysql.connect(host="127.0.0.1", user="root"))


def of_aiosqlite(path: Path) -> Acquired:
    async def connect() -> aiosqlite.Connection:
        return await aiosqlite.connect(path.with_suffix(".db"))

    connection = LOOP.run_until_complete(connect())
    return later(connection, connection.close)


def of_redis_async(path: Path) -> Acquired:
    client = redis.asyncio.Redis(host="127.0.0.1")
    LOOP.run_until_complete(client.ping())
    return later(client, client.aclose)


ALL = [
    ("database connection", of_psycopg),
    ("database connection", of_psycopg_async),
    ("database connection", of_psycopg2),
    ("database connection", of_asyncpg),
    ("database connection", of_pymysql),
    ("database connection", of_aiosqlite),
    ("database connection", of_redis_async),
]
HELD_AS = {of_redis_async: "socket"}
SWITCHES = ("-p", "no:asyncio", "-p", "no:trio", "-p", "no:anyio")
