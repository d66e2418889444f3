"""Connections of real drivers to the real PostgreSQL, MariaDB and Redis: leaky and clean twins."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import pytest

from .conftest import Run
from .pairs import CLEAN, LEAKY, Pairs

DRIVERS = ("psycopg", "psycopg2", "asyncpg", "pymysql", "aiosqlite", "redis")
missing = [name for name in DRIVERS if importlib.util.find_spec(name) is None]
if missing and not os.environ.get("CI"):
    pytest.skip(f"the extra `dev` brings what is missing here: {', '.join(missing)}", allow_module_level=True)
PAIRS = Pairs("driver_cases")


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory, postgres_port: int, redis_port: int, mariadb_port: int) -> Run:
    assert (postgres_port, redis_port, mariadb_port) == (5432, 6379, 3306), "the cases name these"
    return PAIRS.run(tmp_path_factory)


@pytest.mark.parametrize("test", LEAKY)
@pytest.mark.parametrize(("pairs", "kind", "how"), PAIRS.params())
def test_a_leaky_test_fails_for_the_line_that_connects(run: Run, test: str, pairs: Pairs, kind: str, how: Any) -> None:
    pairs.hold_leaky(run, test, kind, how)


@pytest.mark.parametrize("test", CLEAN)
@pytest.mark.parametrize(("pairs", "kind", "how"), PAIRS.params())
def test_its_clean_twin_passes(run: Run, test: str, pairs: Pairs, kind: str, how: Any) -> None:
    assert kind
    pairs.hold_clean(run, test, how)
