"""Redis as a tier, with a word to the other processes at each change.

The client is the caller's (of `redis` or `redis.asyncio`): nothing is imported here, and nothing closed.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Generic, TypeVar

from ..closing import close_in_background, finish
from ..unraised import report
from .entry import Timed
from .tier import AsyncForget, Forget

V = TypeVar("V")

Encode = Callable[[Any], bytes]
Decode = Callable[[bytes], Any]

_POLL = 0.5
"""Seconds after which a listening thread looks whether it shall end."""
_RETRY = 1.0
"""Seconds before listening is tried again after the connection broke."""


def _to_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class _Names:
    """How keys, the channel and its messages are spelled."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.channel = f"{prefix}:changed"
        self._sender = secrets.token_hex(8)

    def key(self, key: str) -> str:
        if not isinstance(key, str):
            raise TypeError(f"Redis keys are text; {key!r} is {type(key).__name__}: make a str of it yourself")
        return f"{self.prefix}:{key}"

    def message(self, key: str) -> str:
        return f"{self._sender} {key}"

    def heard(self, message: dict[str, Any]) -> tuple[bool, str | None]:
        """Whether a message is news, and of which key; a new subscription may have missed some: of all."""
        if message["type"] == "subscribe":
            return True, None
        if message["type"] != "message":
            return False, None
        data = message["data"]
        sender, _, key = (data.decode() if isinstance(data, bytes) else data).partition(" ")
        return sender != self._sender, key


class RedisTier(Generic[V]):
    """Values in Redis under `prefix:key`, as JSON unless `encode` and `decode` say otherwise.

    `ttl` (in seconds) holds for values that bring none.  Each change is published, so that caches in other
    processes which are `listening` drop their copy.
    """

    def __init__(
        self,
        client: Any,
        *,
        prefix: str,
        ttl: float | None = None,
        encode: Encode = _to_json,
        decode: Decode = json.loads,
    ) -> None:
        self._client = client
        self._names = _Names(prefix)
        self._ttl = ttl
        self._encode = encode
        self._decode = decode

    def find(self, key: str) -> Timed[V] | None:
        """Return the value and for how long it still holds, or None."""
        with self._client.pipeline(transaction=True) as pipe:
            pipe.get(self._names.key(key))
            pipe.pttl(self._names.key(key))
            found, left = pipe.execute()
        return None if found is None else Timed(self._decode(found), _seconds(left))

    def put(self, key: str, value: V, ttl: float | None = None) -> None:
        """Store the value and tell the others, in one transaction."""
        with self._client.pipeline(transaction=True) as pipe:
            pipe.set(self._names.key(key), self._encode(value), px=_milliseconds(ttl or self._ttl))
            pipe.publish(self._names.channel, self._names.message(key))
            pipe.execute()

    def fill(self, key: str, value: V, ttl: float | None) -> None:
        """Store the value if there is none; that is no news to anybody."""
        self._client.set(self._names.key(key), self._encode(value), px=_milliseconds(ttl or self._ttl), nx=True)

    def remove(self, key: str) -> None:
        """Remove the value and tell the others, in one transaction."""
        with self._client.pipeline(transaction=True) as pipe:
            pipe.delete(self._names.key(key))
            pipe.publish(self._names.channel, self._names.message(key))
            pipe.execute()

    @contextmanager
    def listen(self, forget: Forget) -> Iterator[None]:
        """Have a thread call `forget` with each key that others change, as long as the block lasts.

        After a broken connection all keys are forgotten, since news may have been missed.
        """
        stop = threading.Event()
        ready = threading.Event()
        thread = threading.Thread(
            target=self._keep_listening, args=(forget, stop, ready), name=f"{self!r} listens", daemon=True
        )
        thread.start()
        ready.wait(_RETRY)
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _keep_listening(self, forget: Forget, stop: threading.Event, ready: threading.Event) -> None:
        while not stop.is_set():
            try:
                with self._client.pubsub() as news:
                    news.subscribe(self._names.channel)
                    while not stop.is_set():
                        message = news.get_message(timeout=_POLL)
                        changed, key = (False, None) if message is None else self._names.heard(message)
                        if changed:
                            forget(key)
                        if message is not None:
                            ready.set()
            except Exception as error:
                report(error, f"while {self!r} listened; it tries again in {_RETRY:g} s", self)
                with suppress(Exception):
                    forget(None)
                stop.wait(_RETRY)

    def __repr__(self) -> str:
        return f"<RedisTier {self._names.prefix!r}>"


class AsyncRedisTier(Generic[V]):
    """As :class:`RedisTier`, for a client of `redis.asyncio`."""

    def __init__(
        self,
        client: Any,
        *,
        prefix: str,
        ttl: float | None = None,
        encode: Encode = _to_json,
        decode: Decode = json.loads,
    ) -> None:
        self._client = client
        self._names = _Names(prefix)
        self._ttl = ttl
        self._encode = encode
        self._decode = decode

    async def find(self, key: str) -> Timed[V] | None:
        """Return the value and for how long it still holds, or None."""
        async with _heeding(), self._client.pipeline(transaction=True) as pipe:
            pipe.get(self._names.key(key))
            pipe.pttl(self._names.key(key))
            found, left = await pipe.execute()
        return None if found is None else Timed(self._decode(found), _seconds(left))

    async def put(self, key: str, value: V, ttl: float | None = None) -> None:
        """Store the value and tell the others, in one transaction."""
        async with _heeding(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(self._names.key(key), self._encode(value), px=_milliseconds(ttl or self._ttl))
            pipe.publish(self._names.channel, self._names.message(key))
            await pipe.execute()

    async def fill(self, key: str, value: V, ttl: float | None) -> None:
        """Store the value if there is none; that is no news to anybody."""
        name, encoded = self._names.key(key), self._encode(value)
        async with _heeding():
            await self._client.set(name, encoded, px=_milliseconds(ttl or self._ttl), nx=True)

    async def remove(self, key: str) -> None:
        """Remove the value and tell the others, in one transaction."""
        async with _heeding(), self._client.pipeline(transaction=True) as pipe:
            pipe.delete(self._names.key(key))
            pipe.publish(self._names.channel, self._names.message(key))
            await pipe.execute()

    @asynccontextmanager
    async def listen(self, forget: AsyncForget) -> AsyncIterator[None]:
        """Have a task await `forget` with each key that others change, as long as the block lasts.

        After a broken connection all keys are forgotten, since news may have been missed.
        """
        ready = asyncio.Event()
        task = asyncio.create_task(self._keep_listening(forget, ready), name=f"{self!r} listens")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_RETRY):
                    await ready.wait()
            yield
        finally:
            await finish(close_in_background(_end(task), f"{self!r}, which listens"))

    async def _keep_listening(self, forget: AsyncForget, ready: asyncio.Event) -> None:
        while True:
            try:
                async with self._client.pubsub() as news:
                    await news.subscribe(self._names.channel)
                    async for message in news.listen():
                        changed, key = self._names.heard(message)
                        if changed:
                            await forget(key)
                        ready.set()
            except Exception as error:
                report(error, f"while {self!r} listened; it tries again in {_RETRY:g} s", self)
                await forget(None)
                await asyncio.sleep(_RETRY)

    def __repr__(self) -> str:
        return f"<AsyncRedisTier {self._names.prefix!r}>"


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel until it is done: the first may be swallowed, see `_heeding`."""
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=0.1)


@asynccontextmanager
async def _heeding() -> AsyncIterator[None]:
    """Raise a cancellation that the block swallowed: redis-py waits with `wait_for`, which did that until 3.12."""
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    yield
    if task.cancelling() > before:
        raise asyncio.CancelledError


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, round(seconds * 1000))


def _seconds(milliseconds: int) -> float | None:
    """Redis says -1 for "without end"."""
    return None if milliseconds < 0 else max(milliseconds, 1) / 1000
