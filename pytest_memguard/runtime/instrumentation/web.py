"""Adapters for HTTP clients: what they lend is a response, whose connection is busy until it is closed."""

from __future__ import annotations

from typing import Any

from .ledger import Instrumentation

RESPONSE = "HTTP response"


def httpx_client(client: Any, name: str | None) -> Instrumentation:
    """`httpx.Client`: the transports that it uses."""
    watched = Instrumentation(client, RESPONSE, name, ("httpx", "httpcore"))
    for transport in _transports(client):
        watched.override(transport, handle_request=_handling(watched))
    return watched


def httpx_async_client(client: Any, name: str | None) -> Instrumentation:
    """`httpx.AsyncClient`: the transports that it uses."""
    watched = Instrumentation(client, RESPONSE, name, ("httpx", "httpcore"))
    for transport in _transports(client):
        watched.override(transport, handle_async_request=_handling_async(watched))
    return watched


def httpcore_pool(pool: Any, name: str | None) -> Instrumentation:
    """`httpcore.ConnectionPool`."""
    watched = Instrumentation(pool, RESPONSE, name)
    watched.override(pool, handle_request=_handling(watched))
    return watched


def httpcore_async_pool(pool: Any, name: str | None) -> Instrumentation:
    """`httpcore.AsyncConnectionPool`."""
    watched = Instrumentation(pool, RESPONSE, name)
    watched.override(pool, handle_async_request=_handling_async(watched))
    return watched


def _transports(client: Any) -> list[Any]:
    mounted = [transport for transport in client._mounts.values() if transport is not None]
    return list({id(transport): transport for transport in (client._transport, *mounted)}.values())


def _handling(watched: Instrumentation) -> Any:
    def handle_request(original: Any, _: Any, request: Any) -> Any:
        response = original(request)
        stream = response.stream
        watched.begin(id(stream))

        def close(closing: Any, _: Any) -> None:
            watched.end(id(stream))
            closing()

        if hasattr(stream, "close"):
            watched.override(stream, close=close)
            watched._undo.pop()  # a stream is not kept alive for an undo; its own class lives as long as it does
        else:
            watched.end(id(stream))
        return response

    return handle_request


def _handling_async(watched: Instrumentation) -> Any:
    async def handle_async_request(original: Any, _: Any, request: Any) -> Any:
        response = await original(request)
        stream = response.stream
        watched.begin(id(stream))

        async def aclose(closing: Any, _: Any) -> None:
            watched.end(id(stream))
            await closing()

        if hasattr(stream, "aclose"):
            watched.override(stream, aclose=aclose)
            watched._undo.pop()
        else:
            watched.end(id(stream))
        return response

    return handle_async_request


def urllib3_pool(pool: Any, name: str | None) -> Instrumentation:
    """`urllib3.HTTPConnectionPool`: one host's connections."""
    watched = Instrumentation(pool, RESPONSE, name or pool.host, ("urllib3", "requests"))
    _watch_urllib3(watched, pool)
    return watched


def urllib3_manager(manager: Any, name: str | None) -> Instrumentation:
    """`urllib3.PoolManager`: the pools that it has and will make."""
    watched = Instrumentation(manager, RESPONSE, name, ("urllib3", "requests"))
    _watch_manager(watched, manager)
    return watched


def requests_session(session: Any, name: str | None) -> Instrumentation:
    """`requests.Session`: the pools of the adapters that are mounted now."""
    watched = Instrumentation(session, RESPONSE, name, ("urllib3", "requests"))
    for adapter in session.adapters.values():
        manager = getattr(adapter, "poolmanager", None)
        if manager is not None:
            _watch_manager(watched, manager)
    return watched


def _watch_manager(watched: Instrumentation, manager: Any) -> None:
    def new_pool(original: Any, _: Any, *args: Any, **kwargs: Any) -> Any:
        pool = original(*args, **kwargs)
        _watch_urllib3(watched, pool)
        return pool

    for key in manager.pools.keys():  # noqa: SIM118  # its container refuses to be iterated over
        _watch_urllib3(watched, manager.pools[key])
    watched.override(manager, _new_pool=new_pool)


def _watch_urllib3(watched: Instrumentation, pool: Any) -> None:
    def get(original: Any, _: Any, *args: Any, **kwargs: Any) -> Any:
        connection = original(*args, **kwargs)
        watched.begin(id(connection))
        return connection

    def put(original: Any, _: Any, connection: Any) -> None:
        watched.end(id(connection))
        original(connection)

    watched.override(pool, _get_conn=get, _put_conn=put)


def aiohttp_session(session: Any, name: str | None) -> Instrumentation:
    """`aiohttp.ClientSession`: its connector."""
    return aiohttp_connector(session.connector, name)


def aiohttp_connector(connector: Any, name: str | None) -> Instrumentation:
    """An aiohttp connector: a connection is lent until its response is read or released."""
    watched = Instrumentation(connector, RESPONSE, name)

    async def connect(original: Any, _: Any, *args: Any, **kwargs: Any) -> Any:
        connection = await original(*args, **kwargs)
        watched.begin(id(connection.protocol))
        return connection

    def release(original: Any, _: Any, key: Any, protocol: Any, **kwargs: Any) -> None:
        watched.end(id(protocol))
        original(key, protocol, **kwargs)

    watched.override(connector, connect=connect, _release=release)
    return watched
