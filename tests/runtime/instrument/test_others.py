from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_memguard.runtime import instrument, outstanding


def functions(watched: Any) -> list[str]:
    """Which function took each thing that is outstanding."""
    return [lease.origin.frames()[0].function for lease in watched.outstanding()]


def test_an_httpx_response_is_outstanding_until_it_is_closed(url: str) -> None:
    httpx = pytest.importorskip("httpx")
    with httpx.Client() as client, instrument(client) as watched:

        def download() -> Any:
            return client.send(client.build_request("GET", url), stream=True)

        client.get(url)
        assert functions(watched) == []
        response = download()
        assert functions(watched) == ["download"]
        response.close()
        assert functions(watched) == []


def test_an_async_httpx_response_is_outstanding_until_it_is_closed(url: str) -> None:
    httpx = pytest.importorskip("httpx")

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            with instrument(client) as watched:
                await client.get(url)
                assert functions(watched) == []
                async with client.stream("GET", url):
                    assert functions(watched) == ["main"]
                assert functions(watched) == []

    asyncio.run(main())


def test_an_httpcore_response_is_outstanding_until_it_is_closed(url: str) -> None:
    httpcore = pytest.importorskip("httpcore")
    with httpcore.ConnectionPool() as pool, instrument(pool) as watched:
        with pool.stream("GET", url):
            assert functions(watched) == ["test_an_httpcore_response_is_outstanding_until_it_is_closed"]
        assert functions(watched) == []

    async def main() -> None:
        async with httpcore.AsyncConnectionPool() as pool:
            with instrument(pool) as watched:
                async with pool.stream("GET", url):
                    assert functions(watched) == ["main"]
                assert functions(watched) == []

    asyncio.run(main())


def test_a_urllib3_response_is_outstanding_until_it_is_read_or_released(url: str) -> None:
    urllib3 = pytest.importorskip("urllib3")
    with urllib3.PoolManager() as manager:
        manager.request("GET", url)

        def download() -> Any:
            return manager.request("GET", url, preload_content=False)

        with instrument(manager, name="web") as watched:
            response = download()
            assert functions(watched) == ["download"]
            response.drain_conn()
            assert functions(watched) == []
            other = url.replace("127.0.0.1", "localhost")
            response = manager.request("GET", other, preload_content=False)
            assert len(functions(watched)) == 1, "a pool made later is watched too"
            response.read()
            response.release_conn()
            assert functions(watched) == []


def test_a_single_urllib3_pool_can_be_watched(url: str) -> None:
    urllib3 = pytest.importorskip("urllib3")
    with urllib3.connection_from_url(url) as pool, instrument(pool) as watched:
        response = pool.request("GET", "/", preload_content=False)
        assert len(functions(watched)) == 1
        response.drain_conn()
        assert functions(watched) == []


def test_a_requests_response_is_outstanding_until_it_is_read_or_closed(url: str) -> None:
    requests = pytest.importorskip("requests")
    with requests.Session() as session, instrument(session) as watched:

        def download() -> Any:
            return session.get(url, stream=True)

        session.get(url)
        assert functions(watched) == []
        response = download()
        assert functions(watched) == ["download"]
        response.close()
        assert functions(watched) == []


def test_an_aiohttp_connection_is_outstanding_until_its_response_is_released(url: str) -> None:
    aiohttp = pytest.importorskip("aiohttp")

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            with instrument(session) as watched:

                async def download() -> Any:
                    return await session.get(url)

                response = await download()
                assert functions(watched) == ["download"]
                await response.read()
                assert functions(watched) == []

    asyncio.run(main())


def test_a_job_of_an_executor_is_outstanding_until_it_is_done() -> None:
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as executor, instrument(executor, name="workers") as watched:
        future = executor.submit(go_on.wait, 10)
        assert functions(watched) == ["test_a_job_of_an_executor_is_outstanding_until_it_is_done"]
        assert [lease.owner for lease in outstanding()] == ["ThreadPoolExecutor 'workers'"]
        go_on.set()
        assert future.result() is True
        executor.submit(int).result()
    assert repr(watched) == "<instrumented ThreadPoolExecutor 'workers': undone>"


def test_cachetools_entries_are_outstanding_until_they_leave() -> None:
    cachetools = pytest.importorskip("cachetools")
    cache = cachetools.LRUCache(maxsize=2)

    def load(key: str) -> None:
        cache[key] = key

    with instrument(cache, name="users") as watched:
        for key in "abc":
            load(key)
        assert functions(watched) == ["load", "load"]
        del cache["b"]
        cache.clear()
        assert functions(watched) == []
        assert cache.maxsize == 2
    assert type(cache) is cachetools.LRUCache


def test_a_cached_function_is_outstanding_while_it_keeps_results() -> None:
    @functools.cache
    def double(number: int) -> int:
        return 2 * number

    with instrument(double) as watched:
        assert functions(watched) == []
        double(3)
        (lease,) = watched.outstanding()
        assert lease.kind == "filled cache"
        assert lease.owner.endswith("<locals>.double'")
        double.cache_clear()
        assert functions(watched) == []
        double(3)
    assert functions(watched) == []


def test_a_cachebox_cache_is_outstanding_while_it_has_entries() -> None:
    cachebox = pytest.importorskip("cachebox")
    cache = cachebox.LRUCache(2)
    with instrument(cache) as watched:
        cache["a"] = 1
        assert len(functions(watched)) == 1
        cache.clear()
        assert functions(watched) == []


def test_what_is_unknown_is_refused_with_what_is_known() -> None:
    with pytest.raises(TypeError, match=r"instrument\(\) does not know dict; it knows aiohttp.BaseConnector, "):
        instrument({})


def test_two_instrumentations_of_one_object_do_not_disturb_each_other() -> None:
    with ThreadPoolExecutor(1) as executor:
        before = type(executor)
        go_on = threading.Event()
        with instrument(executor) as outer:
            with instrument(executor) as inner:
                future = executor.submit(go_on.wait, 10)
                assert len(functions(outer)) == len(functions(inner)) == 1
            assert len(functions(outer)) == 1
            go_on.set()
            future.result()
        assert type(executor) is before
