"""Pools of libraries that the suite imports, on the real services: what is left out is named by its line.

What a pool keeps idle is its maker's: of a module, of a fixture, or of the test that made it and forgot it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Run, scenario

pytest.importorskip("psycopg_pool")
pytest.importorskip("sqlalchemy")
pytest.importorskip("redis")
pytest.importorskip("httpx")
pytest.importorskip("urllib3")
pytest.importorskip("aiohttp")
pytest.importorskip("asyncpg")
pytestmark = pytest.mark.usefixtures("postgres_port", "redis_port")

POSTGRES = "host=127.0.0.1 port=5432 dbname=test user=root"


def kinds_of(told: Run) -> dict[str, set[str]]:
    """For each test the kinds that it fails for."""
    tests = [name.rpartition("::")[2] for name in told.outcomes]
    return {test: told.kinds(test) for test in tests if told.kinds(test)}


def line_of(told: Run, test: str) -> str:
    """The function that took what a test leaves."""
    (found,) = told.failing(test)
    return str(next(line["function"] for line in found["origin"] if line["file"].startswith("test_")))


@scenario(f"""
import psycopg_pool, pytest
HELD = []
@pytest.fixture(scope="module")
def pool():
    with psycopg_pool.ConnectionPool("{POSTGRES}", min_size=1, max_size=4) as pool:
        yield pool
def take(pool):
    return pool.getconn()
def test_leaky_left_out(pool):
    HELD.append(take(pool))
def test_clean_in_a_block(pool):
    with pool.connection() as connection:
        connection.execute("select 1")
def test_clean_put_back(pool):
    pool.putconn(take(pool))
def test_clean_pool_of_its_own():
    with psycopg_pool.ConnectionPool("{POSTGRES}", min_size=1) as pool:
        with pool.connection(): pass
def test_types_are_what_they_were(pool):
    assert type(pool) is psycopg_pool.ConnectionPool
    pool.putconn(HELD.pop())
""")
def test_a_psycopg_pool(told: Run) -> None:
    assert kinds_of(told) == {"test_leaky_left_out": {"pooled connection"}}
    assert line_of(told, "test_leaky_left_out") == "take"


@scenario("""
import pytest, sqlalchemy
from sqlalchemy.orm import Session
ENGINE = sqlalchemy.create_engine("postgresql+psycopg://root@127.0.0.1:5432/test")
HELD = []
def query():
    session = Session(ENGINE)
    session.execute(sqlalchemy.text("select 1"))
    return session
def test_clean_first_use_fills_the_modules_pool():
    with ENGINE.connect() as connection:
        connection.execute(sqlalchemy.text("select 1"))
def test_leaky_session_held():
    HELD.append(query())
def test_leaky_session_dropped():
    query()
def test_clean_session():
    query().close()
@pytest.fixture(scope="module")
def session():
    with Session(ENGINE) as session:
        yield session
def test_clean_on_behalf_of_a_fixture(session):
    session.execute(sqlalchemy.text("select 1"))
@pytest.fixture(scope="module", autouse=True)
def end():
    yield
    for session in HELD: session.close()
    ENGINE.dispose()
""")
def test_sqlalchemy(told: Run) -> None:
    assert kinds_of(told) == {
        "test_leaky_session_held": {"pooled connection"},
        "test_leaky_session_dropped": {"pooled connection"},
    }
    assert line_of(told, "test_leaky_session_held") == "query"
    assert line_of(told, "test_leaky_session_dropped") == "query"


@scenario("""
import pytest, redis
CLIENT = redis.Redis("127.0.0.1")
HELD = []
def test_clean_the_modules_client(): CLIENT.ping()
def take(): return CLIENT.connection_pool.get_connection()
def test_leaky_left_out(): HELD.append(take())
def test_clean_released(): CLIENT.connection_pool.release(take())
def test_clean_pipeline():
    with CLIENT.pipeline() as pipe: pipe.ping().execute()
def test_clean_at_the_end():
    CLIENT.connection_pool.release(HELD.pop())
    CLIENT.close()
""")
def test_redis(told: Run) -> None:
    assert kinds_of(told) == {"test_leaky_left_out": {"pooled connection"}}
    assert line_of(told, "test_leaky_left_out") == "take"


SERVER = """
import threading, pytest
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5000000")
        self.end_headers()
        with suppress(OSError): self.wfile.write(b"x" * 5_000_000)
    def log_message(self, *_): pass
@pytest.fixture(scope="module")
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown(); thread.join(); server.server_close()
HELD = []
"""


@scenario(
    SERVER
    + """
import urllib3
@pytest.fixture(scope="module")
def pool():
    with urllib3.PoolManager() as pool: yield pool
def ask(pool, url): return pool.request("GET", url, preload_content=False)
def test_leaky_unread(pool, url): HELD.append(ask(pool, url))
def test_clean_read(pool, url): pool.request("GET", url)
def test_clean_released(pool, url):
    answer = ask(pool, url)
    answer.close()
    answer.release_conn()
def test_clean_refused(pool):
    with pytest.raises(urllib3.exceptions.MaxRetryError): pool.request("GET", "http://127.0.0.1:9/", retries=0)
def test_clean_end(): HELD.pop().close()
"""
)
def test_urllib3(told: Run) -> None:
    assert kinds_of(told) == {"test_leaky_unread": {"HTTP response"}}
    assert line_of(told, "test_leaky_unread") == "ask"


@scenario(
    SERVER
    + """
import httpx
CLIENT = httpx.Client()
def ask(url): return CLIENT.send(CLIENT.build_request("GET", url), stream=True)
def test_clean_the_modules_client(url): CLIENT.get(url)
def test_leaky_unread(url): HELD.append(ask(url))
def test_clean_read(url):
    with CLIENT.stream("GET", url) as answer: answer.read()
def test_clean_client_closed(url):
    with httpx.Client() as client: client.send(client.build_request("GET", url), stream=True).close()
def test_clean_end():
    HELD.pop().close()
    CLIENT.close()
"""
)
def test_httpx(told: Run) -> None:
    assert kinds_of(told) == {"test_leaky_unread": {"HTTP response"}}
    assert line_of(told, "test_leaky_unread") == "ask"


@scenario(
    SERVER
    + """
import asyncio, aiohttp
LOOP = asyncio.new_event_loop()
async def start(): return aiohttp.ClientSession()
@pytest.fixture(scope="module")
def session():
    session = LOOP.run_until_complete(start())
    yield session
    LOOP.run_until_complete(session.close())
    LOOP.close()
async def ask(session, url): return await session.get(url)
async def read(session, url):
    async with session.get(url) as answer: await answer.read()
def test_leaky_unread(session, url): HELD.append(LOOP.run_until_complete(ask(session, url)))
def test_clean_read(session, url): LOOP.run_until_complete(read(session, url))
def test_clean_end(session): HELD.pop().close()
"""
)
def test_aiohttp(told: Run) -> None:
    assert kinds_of(told) == {"test_leaky_unread": {"HTTP response"}}
    assert line_of(told, "test_leaky_unread") == "ask"


@scenario("""
import asyncio, asyncpg, pytest
LOOP = asyncio.new_event_loop()
HELD = []
@pytest.fixture(scope="module")
def pool():
    pool = LOOP.run_until_complete(make())
    yield pool
    LOOP.run_until_complete(pool.close())
    LOOP.close()
async def make():
    return await asyncpg.create_pool("postgresql://root@127.0.0.1:5432/test", min_size=1, max_size=3)
async def take(pool): return await pool.acquire()
async def use(pool):
    async with pool.acquire() as connection: await connection.execute("select 1")
def test_leaky_left_out(pool): HELD.append(LOOP.run_until_complete(take(pool)))
def test_clean_in_a_block(pool): LOOP.run_until_complete(use(pool))
def test_clean_end(pool): LOOP.run_until_complete(pool.release(HELD.pop()))
""")
def test_asyncpg(told: Run) -> None:
    assert kinds_of(told) == {"test_leaky_left_out": {"pooled connection"}}
    assert line_of(told, "test_leaky_left_out") == "take"


@scenario("""
import sqlalchemy
from pytest_memguard.runtime import instrument, subscribe
from pytest_memguard.runtime.lease import outstanding
ENGINE = sqlalchemy.create_engine("sqlite://")
def test_it():
    heard = []
    leave = subscribe(heard.append)
    with ENGINE.connect():
        assert outstanding() == ()
    assert heard == []
    with instrument(ENGINE) as watched, ENGINE.connect():
        assert len(list(watched.outstanding())) == len(outstanding()) == 1
    leave()
    assert [event.action for event in heard] == ["acquired", "released"]
    ENGINE.dispose()
""")
def test_who_listens_to_leases_hears_only_of_what_was_asked_for(told: Run) -> None:
    assert told.outcome("test_it") == "passed"


@scenario("""
import asyncio
def test_it():
    async def use():
        import asyncpg
        async with asyncpg.create_pool("postgresql://root@127.0.0.1:5432/test", min_size=1) as pool:
            async with pool.acquire() as connection: await connection.execute("select 1")
        KEPT.append(pool)
    asyncio.run(use())
def test_later(): pass
KEPT = []
""")
def test_a_library_that_a_test_imports_is_found_with_the_pools_that_are_there(told: Run) -> None:
    assert set(told.outcomes.values()) == {"passed"}
    assert told.findings == []


@scenario("""
import sys
def test_no_library_is_imported_for_its_sake():
    assert not {"sqlalchemy", "redis", "urllib3", "httpcore", "aiohttp", "asyncpg", "psycopg_pool"} & sys.modules.keys()
    assert "pytest_memguard.runtime.instrumentation.automatic" not in sys.modules
""")
def test_a_library_is_left_alone_until_the_suite_imports_it(told: Run) -> None:
    assert told.outcomes


def test_pools_can_be_switched_off(tmp_path: object, suite: object) -> None:
    text = """
import psycopg_pool
def test_it():
    with psycopg_pool.ConnectionPool("host=127.0.0.1 dbname=test user=root", min_size=1) as pool:
        assert not hasattr(type(pool).getconn, "__wrapped__")
"""
    run = suite(text, args=("--memguard-kinds", "pooled connection=off,HTTP response=off"))  # type: ignore[operator]
    assert run.code == 0, run.output
    assert tmp_path


@scenario("""
import sqlalchemy
ENGINE = sqlalchemy.create_engine("sqlite://", pool_recycle=60, pool_pre_ping=True)
HELD = []
def use(engine):
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("select 1"))
def test_clean_disposed_of():
    use(ENGINE)
    ENGINE.dispose()
def test_clean_with_the_pool_that_came_instead(): use(ENGINE)
def test_clean_engine_of_its_own():
    engine = sqlalchemy.create_engine("sqlite://", pool_recycle=60, pool_reset_on_return=None)
    use(engine)
    engine.dispose()
def test_leaky_engine_of_its_own():
    HELD.append(sqlalchemy.create_engine("sqlite://"))
    HELD[-1].dispose()
    use(HELD[-1])
""")
def test_a_pool_that_stands_in_for_another_is_its_makers(told: Run) -> None:
    assert set(told.outcomes.values()) == {"passed", "failed"}
    assert kinds_of(told) == {"test_leaky_engine_of_its_own": {"sqlite connection"}}
    names = [line["function"] for line in told.failing("test_leaky_engine_of_its_own")[0]["origin"]]
    assert names[-2:] == ["use", "test_leaky_engine_of_its_own"]


def test_a_suite_may_take_all_listeners_from_a_pool(suite: Callable[..., Run]) -> None:
    run = suite("from sqlalchemy.pool import Pool\ndef test_it(): Pool.dispatch._clear()\n")
    assert (run.code, run.outcomes) == (0, {"test_it::test_it": "passed"}), run.output
