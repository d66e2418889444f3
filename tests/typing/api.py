"""What a type checker makes of the public names, as users write them; mypy reads this file, nobody runs it.

A `type: ignore` here is a promise: mypy complains when the misuse on that line is no longer refused.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import assert_type

from memlint.api import check_paths, check_source
from memlint.findings import Finding, Severity, Span
from memlint.reports import Report
from pytest_memguard.guard import watch
from pytest_memguard.runtime import AsyncPool, Cache, Lease, Origin, Pool, PoolStatistics, Shared


def open_database() -> sqlite3.Connection:
    return sqlite3.connect(":memory:")


def a_pool_lends_what_its_factory_makes() -> None:
    with Pool(open_database, maximum=2) as pool:
        assert_type(pool, Pool[sqlite3.Connection])
        with pool.acquire(timeout=1.0) as connection:
            assert_type(connection, sqlite3.Connection)
        assert_type(pool.statistics(), PoolStatistics)
    Pool(maximum=2)  # type: ignore[call-arg]
    Pool(open_database, maximum="two")  # type: ignore[arg-type]


def a_lease_is_of_what_was_lent(lease: Lease[sqlite3.Connection]) -> None:
    assert_type(lease.value, sqlite3.Connection)
    assert_type(lease.origin, Origin)
    assert_type(lease.ended, bool)
    lease.value = open_database()  # type: ignore[misc]


async def an_asynchronous_pool_is_entered_with_async_with(pool: AsyncPool[sqlite3.Connection]) -> None:
    async with await pool.acquire() as connection:
        assert_type(connection, sqlite3.Connection)
    with pool:  # type: ignore[attr-defined]
        pass


def a_cache_gives_what_was_put() -> None:
    cache: Cache[str, int] = Cache(max_items=10)
    assert_type(cache.get("a"), int | None)
    cache.get(1)  # type: ignore[call-overload]


def a_shared_value_is_read_as_its_own_type(shared: Shared[list[int]]) -> None:
    assert_type(shared.get(), list[int])


def the_linter_gives_values() -> None:
    findings = check_source("open('x')\n")
    assert_type(findings, tuple[Finding, ...])
    assert_type(findings[0].span, Span)
    assert_type(findings[0].severity, Severity)
    assert_type(check_paths([Path("src"), "tests"]), Report)
    findings[0].code = "MEM999"  # type: ignore[misc]


def a_watched_block_tells_what_it_left() -> None:
    with watch("set-up") as watched:
        pass
    assert_type([finding.kind for finding in watched.findings], list[str])
